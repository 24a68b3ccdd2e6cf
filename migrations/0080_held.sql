-- +goose Up

-- Words that may name somebody who was erased, of an alert or a signal that a hold keeps for somebody else: they go once none does (internal/anomaly, internal/recipient), as those of inquiries.
alter table anomaly_alert add column erased_at timestamptz;
alter table recipient_signal add column erased_at timestamptz;
grant update (erased_at) on anomaly_alert, recipient_signal to mandat_app;

-- +goose StatementBegin
-- The clock by which a mandate lasts and a hold stands when somebody is erased: the database's own, whatever the entry of the erasure is dated. Where a test moves the program's clock
-- years ahead, it moves this one.
create function erasure_now() returns timestamptz language sql volatile set search_path = pg_catalog, public, pg_temp as $$ select clock_timestamp() $$;

-- What is about a citizen goes with the entry of their erasure, all of it or nothing, and never while a mandate of theirs lasts or a hold stands: the database asks that itself, for every row and
-- under the lock that holds take, so that none is made meanwhile; and in a transaction that sees what was committed since it began.
create or replace function citizen_erased() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  whose uuid := (to_jsonb(old) ->> tg_argv[0])::uuid;
begin
  if not exists (select from (select action, organisation_id, citizen_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action = 'citizen.erased' and citizen_id = whose and organisation_id = old.organisation_id) then
    raise exception 'a row of % was deleted, and citizen % not erased', tg_table_name, whose using errcode = 'integrity_constraint_violation';
  end if;
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'citizen % is erased in a transaction that does not see what is held', whose using errcode = 'integrity_constraint_violation';
  end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('erasure.hold', 0));
  if exists (select from citizen where id = whose) then
    raise exception 'a row of % was deleted, and citizen % is there', tg_table_name, whose using errcode = 'integrity_constraint_violation';
  end if;
  if tg_table_name = 'mandate' then
    if old.state <> 'ended' and least(old.ends_at, old.lasts_until) > erasure_now() then
      raise exception 'mandate % was deleted, and lasts', old.id using errcode = 'integrity_constraint_violation';
    end if;
  elsif tg_table_name = 'erasure_hold' then
    if old.released_at is null and old.until > erasure_now() then
      raise exception 'hold % was deleted, and stands', old.id using errcode = 'integrity_constraint_violation';
    end if;
  end if;
  if erasure_held(old.organisation_id, whose, erasure_now()) then
    raise exception 'a row of % was deleted, and citizen % is held', tg_table_name, whose using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;

-- A hold keeps the words of an inquiry also for whom an alert or a signal is about that was taken into it (0072 asked for findings and attached entries).
create or replace function erasure_held_inquiry(inquiry uuid, now timestamptz) returns boolean language sql stable as $$
  select exists (select from public.inquiry_finding f left join public.mandate m on m.id = f.mandate_id
      where f.inquiry_id = inquiry and f.organisation_id is not null and public.erasure_held(f.organisation_id, m.citizen_id, now))
    or public.erasure_held_entries(array(select e.index from public.inquiry_entry e where e.inquiry_id = inquiry
      union select unnest(a.entries) from public.anomaly_alert a where a.case_id = inquiry union select unnest(s.entries) from public.recipient_signal s where s.case_id = inquiry), now)
$$;

-- Nor does an erasure forget that its citizen was held, and who ended that: these entries stay beside its own.
create or replace function journal_entry_forgotten() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  -- "offset 0": see 0002_organisation.sql.
  if old.action in ('citizen.erased', 'entries.forgotten', 'erasure.held', 'erasure.released')
    or not exists (select from (select action from journal_entry where xid = pg_current_xact_id() offset 0) mine where action in ('citizen.erased', 'entries.forgotten')) then
    raise exception 'entry % is deleted, and no entry says so', old.id using errcode = 'insufficient_privilege';
  end if;
  return old;
end $$;
-- +goose StatementEnd
