-- +goose Up

-- A request to be told whom a pseudonym stands for that nobody answered in time keeps its auditor from no other one: whether one waits is a question of the time, which the act
-- asks under a lock (internal/unsealing).
drop index unsealing_open;
create index unsealing_waiting on unsealing (asked_by) where state = 'asked';

-- An inquiry that was not closed when somebody was erased whom its words may name: they go when it is.
alter table inquiry add column erased_at timestamptz;
grant update (erased_at) on inquiry to mandat_app;

-- What is known of a citizen goes with the text of their entries, or neither does: the entry of an erasure alone deletes none while they are there, and thus none while a mandate of
-- theirs lasts, or a hold stands (0059).
-- +goose StatementBegin
create or replace function journal_forget() returns bigint language plpgsql security definer set search_path = pg_catalog, public, pg_temp
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  wanted bigint;
  forgotten bigint;
begin
  with account as materialized (select at, action, organisation_id, citizen_id, body::jsonb #> '{detail,forgotten}' as runs from journal_entry where xid = pg_current_xact_id() offset 0),
    named as materialized (select a.at, a.action, a.organisation_id, a.citizen_id, i.index from account a cross join lateral jsonb_array_elements_text(a.runs) r (run)
      cross join lateral generate_series(split_part(r.run, '-', 1)::bigint, coalesce(nullif(split_part(r.run, '-', 2), ''), r.run)::bigint) i (index)
      where a.action in ('citizen.erased', 'entries.forgotten')),
    gone as (delete from journal_entry e using named n join journal_leaf l on l.index = n.index
      where e.id = l.entry_id and case when n.citizen_id is not null then e.citizen_id = n.citizen_id and e.organisation_id is not distinct from n.organisation_id
        else n.action = 'entries.forgotten' and e.citizen_id is null and split_part(e.action, '.', 1) = 'session' and e.at < n.at - interval '1 year' end
      returning 1)
    select (select count(*) from named), (select count(*) from gone) into wanted, forgotten;
  if exists (select from (select action, citizen_id from journal_entry where xid = pg_current_xact_id() offset 0) mine join citizen c on c.id = mine.citizen_id
      where mine.action in ('citizen.erased', 'entries.forgotten')) then
    raise exception 'entries of a citizen are named as forgotten, who is there' using errcode = 'integrity_constraint_violation';
  end if;
  if wanted <> forgotten then
    raise exception '% entries are named as forgotten, of which % may be', wanted, forgotten using errcode = 'integrity_constraint_violation';
  end if;
  return forgotten;
end $$;
-- +goose StatementEnd
