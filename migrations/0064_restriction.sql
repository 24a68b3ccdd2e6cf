-- +goose Up

-- A citizen asked an organisation to erase what it keeps about them before the time for which it has to is over. Until then nobody there sees them: the policies below.
create table erasure_request (
  id uuid primary key,
  organisation_id uuid not null,
  citizen_id uuid not null references citizen,
  state text not null check (state in ('asked', 'taken_back')),
  asked_at timestamptz not null,
  asked_by uuid not null references person,
  due_at timestamptz not null,
  taken_back_at timestamptz check (taken_back_at >= asked_at),
  taken_back_by uuid references person,
  check (num_nulls(taken_back_at, taken_back_by) = case state when 'asked' then 2 else 0 end)
);
create unique index erasure_request_asked on erasure_request (citizen_id) where state = 'asked';
create index erasure_request_citizen on erasure_request (citizen_id);
create index erasure_request_open on erasure_request (organisation_id, asked_at) where state = 'asked';
create index erasure_request_due on erasure_request (due_at) where state = 'asked';
alter table erasure_request enable row level security;
create policy scope on erasure_request to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy audit on erasure_request for select to mandat_auditor using (true);
grant select, insert, delete on erasure_request to mandat_app;
grant update (state, taken_back_at, taken_back_by) on erasure_request to mandat_app;
grant select on erasure_request to mandat_auditor;

-- +goose StatementBegin
create function erasure_request_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and (old.state <> 'asked' or new.state <> 'taken_back') then
    raise exception 'request % for erasure does not go from % to %', new.id, old.state, new.state using errcode = 'integrity_constraint_violation';
  end if;
  if not exists (select from (select action, organisation_id, citizen_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and citizen_id = new.citizen_id and detail ->> 'request' = new.id::text
      and action = case new.state when 'asked' then 'erasure.asked' else 'erasure.taken_back' end) then
    raise exception 'request % for erasure changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;

-- Who of the organisation in whose scope a statement runs asked to be erased, and is there still. It is asked with the owner's rights, because the policies of citizen ask it.
create function erasure_restricted() returns uuid[] language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select coalesce(array_agg(citizen_id), '{}') from erasure_request where state = 'asked' and organisation_id = nullif(current_setting('mandat.org', true), '')::uuid
$$;

-- Whether somebody who is to be entered asked to be erased there: found as the organisation would find them, without telling who it is.
create function erasure_bars(sub bytea, called bytea) returns boolean language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (select from citizen c join erasure_request q on q.citizen_id = c.id and q.state = 'asked'
    where c.organisation_id = nullif(current_setting('mandat.org', true), '')::uuid and (c.sub_index = sub or c.name_index = called))
$$;
-- +goose StatementEnd
create constraint trigger erasure_request_journaled after insert or update on erasure_request deferrable initially deferred for each row execute function erasure_request_journaled();
create constraint trigger erasure_request_erased after delete on erasure_request deferrable initially deferred for each row execute function citizen_erased('citizen_id');
revoke execute on function erasure_restricted, erasure_bars from public;
grant execute on function erasure_restricted, erasure_bars to mandat_app;

-- In the scope of an organisation they are not there: in no list, search, choice or page, whoever forgot to ask. Jobs see them.
create policy restricted on citizen as restrictive to mandat_app
  using ((select current_setting('mandat.system', true)) = 'on' or id <> all ((select erasure_restricted())::uuid[]));
create policy restricted on mandate as restrictive to mandat_app
  using ((select current_setting('mandat.system', true)) = 'on' or citizen_id <> all ((select erasure_restricted())::uuid[]));
