-- +goose Up

-- An entry's body is a JSON object, and its time one that has a date: whoever writes entries past the program could otherwise keep pages that read them from showing what stands beside.
-- Whether it is in the one canonical form, and repeats its columns, verification and comparison say. Not valid: what stands there already is never changed, and named by these.
alter table journal_entry add constraint journal_entry_body check (jsonb_typeof(body::jsonb) = 'object') not valid;
alter table journal_entry add constraint journal_entry_at check (at >= '2000-01-01 00:00:00+00' and at < '9999-01-01 00:00:00+00') not valid;

-- Nothing but what is about a citizen who is there no more is forgotten: nobody ever forgot what was noted of sign-ins (0059), and how old that is was said by an entry that its writer dated.
-- +goose StatementBegin
create or replace function journal_forget() returns bigint language plpgsql security definer set search_path = pg_catalog, public, pg_temp
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  wanted bigint;
  forgotten bigint;
begin
  with account as materialized (select action, organisation_id, citizen_id, body::jsonb #> '{detail,forgotten}' as runs from journal_entry where xid = pg_current_xact_id() offset 0),
    named as materialized (select a.organisation_id, a.citizen_id, i.index from account a cross join lateral jsonb_array_elements_text(a.runs) r (run)
      cross join lateral generate_series(split_part(r.run, '-', 1)::bigint, coalesce(nullif(split_part(r.run, '-', 2), ''), r.run)::bigint) i (index)
      where a.action in ('citizen.erased', 'entries.forgotten')),
    gone as (delete from journal_entry e using named n join journal_leaf l on l.index = n.index
      where e.id = l.entry_id and (e.citizen_id = n.citizen_id) is true and e.organisation_id is not distinct from n.organisation_id returning 1) -- "is true": found by its place, not by its citizen
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

-- How far the log was looked through goes forward, and no further than the log. Whoever sets it ahead within it gains a day (internal/anomaly/again.go).
create function anomaly_watch_goes() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.next < old.next or new.week < old.week or new.next > (select size from journal_tree) then
    raise exception 'the log was looked through up to %, and not to %', old.next, new.next using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger anomaly_watch_goes before update on anomaly_watch for each row execute function anomaly_watch_goes();
