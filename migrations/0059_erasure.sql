-- +goose Up

-- An entry is deleted by an entry: one that names the places in the log of those that are forgotten (docs/journal.md, "Forgotten entries"). Nothing else deletes any,
-- and none is ever changed.
drop trigger journal_entry_kept on journal_entry;
create trigger journal_entry_kept before update on journal_entry for each row execute function journal_refuse();

-- +goose StatementBegin
create function journal_entry_forgotten() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  -- "offset 0": see 0002_organisation.sql.
  if old.action in ('citizen.erased', 'entries.forgotten')
    or not exists (select from (select action from journal_entry where xid = pg_current_xact_id() offset 0) mine where action in ('citizen.erased', 'entries.forgotten')) then
    raise exception 'entry % is deleted, and no entry says so', old.id using errcode = 'insufficient_privilege';
  end if;
  return old;
end $$;

-- Deletes what the entries of this transaction name: all of it, of the citizen whom they name, and in the tree already; or nothing. Without a citizen they may name what was
-- noted of sign-ins more than a year before. It returns how many there were.
create function journal_forget() returns bigint language plpgsql security definer set search_path = pg_catalog, public, pg_temp
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
  if wanted <> forgotten then
    raise exception '% entries are named as forgotten, of which % may be', wanted, forgotten using errcode = 'integrity_constraint_violation';
  end if;
  return forgotten;
end $$;
-- +goose StatementEnd
create trigger journal_entry_forgotten before delete on journal_entry for each row execute function journal_entry_forgotten();
revoke execute on function journal_forget from public;
grant execute on function journal_forget to mandat_app;

-- A citizen's rows go with the entry of their erasure, and in no other way; what hangs on a mandate goes with the mandate, and an account with its use.
-- +goose StatementBegin
create function citizen_erased() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  whose uuid := (to_jsonb(old) ->> tg_argv[0])::uuid;
  erased timestamptz := (select max(at) from (select at, action, organisation_id, citizen_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
    where action = 'citizen.erased' and citizen_id = whose and organisation_id = old.organisation_id);
begin
  if erased is null then
    raise exception 'a row of % was deleted, and citizen % not erased', tg_table_name, whose using errcode = 'integrity_constraint_violation';
  end if;
  -- What the act asks, the database asks again: nobody is erased while a mandate lasts, or a hold stands.
  if tg_table_name = 'mandate' then
    if old.state <> 'ended' and least(old.ends_at, old.lasts_until) > erased then
      raise exception 'mandate % was deleted, and lasts', old.id using errcode = 'integrity_constraint_violation';
    end if;
  elsif tg_table_name = 'erasure_hold' then
    if old.released_at is null and old.until > erased then
      raise exception 'hold % was deleted, and stands', old.id using errcode = 'integrity_constraint_violation';
    end if;
  elsif tg_table_name = 'citizen' then
    if exists (select from erasure_hold h where h.organisation_id = old.organisation_id and (h.citizen_id is null or h.citizen_id = whose) and h.released_at is null and h.until > erased) then
      raise exception 'citizen % was deleted, and is held', whose using errcode = 'integrity_constraint_violation';
    end if;
  end if;
  return null;
end $$;
create function mandate_erased() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from mandate where id = old.mandate_id) then
    raise exception 'a row of % was deleted, and mandate % not', tg_table_name, old.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create function report_use_erased() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from report_use where id = old.use_id) then
    raise exception 'an account of use % was deleted, and the use not', old.use_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger citizen_erased after delete on citizen deferrable initially deferred for each row execute function citizen_erased('id');
create constraint trigger mandate_citizen_erased after delete on mandate deferrable initially deferred for each row execute function citizen_erased('citizen_id');
create constraint trigger mandate_power_citizen_erased after delete on mandate_power deferrable initially deferred for each row execute function citizen_erased('citizen_id');
create constraint trigger report_use_citizen_erased after delete on report_use deferrable initially deferred for each row execute function citizen_erased('citizen_id');
create constraint trigger mandate_evidence_erased after delete on mandate_evidence deferrable initially deferred for each row execute function mandate_erased();
create constraint trigger attestation_erased after delete on attestation deferrable initially deferred for each row execute function mandate_erased();
create constraint trigger attestation_word_erased after delete on attestation_word deferrable initially deferred for each row execute function mandate_erased();
create constraint trigger attestation_status_erased after delete on attestation_status deferrable initially deferred for each row execute function mandate_erased();
create constraint trigger report_account_erased after delete on report_account deferrable initially deferred for each row execute function report_use_erased();
grant delete on citizen, mandate, mandate_power, mandate_evidence, attestation, attestation_word, attestation_status, report_use, report_account to mandat_app;

-- A login under way is deleted by the act that abandons it, or with its citizen.
-- +goose StatementBegin
create or replace function idp_login_abandoned() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = old.organisation_id and citizen_id = old.citizen_id
      and (action = 'power.abandoned' and body::jsonb -> 'detail' ->> 'login' = old.id::text or action = 'citizen.erased')) then
    raise exception 'login % was deleted without its entry', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd

-- A place in a status list says for ever that what stood there has ended. Of a mandate that is erased it becomes one that stood for nothing: a decoy.
-- +goose StatementBegin
create function receipt_status_erased() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if old.mandate_id is null or new.mandate_id is not null or exists (select from mandate where id = old.mandate_id)
    or (new.list, new.idx, new.organisation_id, new.created_at) is distinct from (old.list, old.idx, old.organisation_id, old.created_at) or new.decoy_ends_at is distinct from old.created_at then
    raise exception 'place %/% of a receipt changed', old.list, old.idx using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger receipt_status_erased after update on receipt_status deferrable initially deferred for each row execute function receipt_status_erased();
grant update (mandate_id, procedure, case_ref, audience, decoy_ends_at) on receipt_status to mandat_app;

-- By whom rows are found, and by whom those that refer to a row that goes.
create index phone_citizen on phone (citizen_id);
create index consent_citizen on consent (citizen_id);
create index consent_phone on consent (phone_id);
create index decision_answer_citizen on decision_answer (citizen_id);
create index backchannel_session_of on backchannel_session (mandate_id);

-- Holds: nothing about a citizen, or about anybody in an organisation (citizen_id null), is erased while one stands. reason is a word of the list, never a text.
create table erasure_hold (
  id uuid primary key,
  organisation_id uuid not null,
  citizen_id uuid,
  reason text not null check (reason in ('investigation', 'litigation', 'inspection')),
  held_at timestamptz not null,
  held_by uuid not null,
  until timestamptz not null check (until > held_at),
  released_at timestamptz check (released_at >= held_at),
  released_by uuid,
  check (num_nulls(released_at, released_by) in (0, 2))
);
create index erasure_hold_standing on erasure_hold (organisation_id, citizen_id) where released_at is null;
alter table erasure_hold enable row level security;
create policy scope on erasure_hold to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy audit on erasure_hold for select to mandat_auditor using (true);
grant select, insert, delete on erasure_hold to mandat_app;
grant update (released_at, released_by) on erasure_hold to mandat_app;
grant select on erasure_hold to mandat_auditor;

-- +goose StatementBegin
create function erasure_hold_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and old.released_at is not null then
    raise exception 'hold % was released', old.id using errcode = 'integrity_constraint_violation';
  end if;
  if not exists (select from (select action, organisation_id, citizen_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and citizen_id is not distinct from new.citizen_id and detail ->> 'hold' = new.id::text
      and action = case when new.released_at is null then 'erasure.held' else 'erasure.released' end) then
    raise exception 'hold % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger erasure_hold_erased after delete on erasure_hold deferrable initially deferred for each row execute function citizen_erased('citizen_id');
create constraint trigger erasure_hold_journaled after insert or update on erasure_hold deferrable initially deferred for each row execute function erasure_hold_journaled();
