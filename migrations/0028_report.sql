-- +goose Up

-- One use of a power, of which an account is owed (Code civil, article 1993). It was done by a login that released the citizen's identity, whose id it has, or
-- in a way that passes by no login, which the aidant declares. There is no foreign key: a use must not write into its mandate's row, and its entry names it.
create table report_use (
  id uuid primary key,
  organisation_id uuid not null,
  citizen_id uuid not null,
  mandate_id uuid not null,
  person_id uuid not null,
  procedure text not null,
  way text not null check (way in ('login', 'site', 'telephone', 'paper', 'counter')),
  used_at timestamptz not null,
  -- From here on columns change, and those before do not: the last account that was given.
  state text not null default 'open',
  accounts int not null default 0,
  outcome text,
  closed_at timestamptz,
  closed_by uuid,
  constraint report_use_state check (case state when 'open' then accounts = 0 and num_nonnulls(outcome, closed_at, closed_by) = 0
    when 'closed' then accounts > 0 and num_nulls(outcome, closed_at, closed_by) = 0 and outcome in ('done', 'to_finish', 'refused', 'nothing') and closed_at >= used_at else false end)
);
create index report_use_mandate on report_use (mandate_id, used_at);
-- What somebody still has to write, or to finish.
create index report_use_due on report_use (organisation_id, person_id, used_at) where state = 'open' or outcome = 'to_finish';

-- The accounts of a use: the first, and every correction, none of which takes away the one before. What was typed (site, receipt, note) is sealed under the
-- citizen's data key (internal/envelope).
create table report_account (
  use_id uuid not null references report_use,
  number int not null check (number > 0),
  organisation_id uuid not null,
  person_id uuid not null,
  given_at timestamptz not null,
  outcome text not null check (outcome in ('done', 'to_finish', 'refused', 'nothing')),
  supplied boolean not null, -- the citizen supplied what was typed into the service
  account bytea not null check (get_byte(account, 0) = 1),
  sha256 bytea not null generated always as (sha256(account)) stored, -- stands in the entry; made by the database, it cannot be other than its account
  primary key (use_id, number)
);

alter table report_use enable row level security;
alter table report_account enable row level security;
create policy scope on report_use to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope on report_account to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');

-- What was done, for whom and when never changes; neither does an account that was given.
grant select, insert, update (state, accounts, outcome, closed_at, closed_by) on report_use to mandat_app;
grant select, insert on report_account to mandat_app;

-- The comparison with the journal sees what an account is of and its hash, not the account.
create policy audit on report_use for select to mandat_auditor using (true);
create policy audit on report_account for select to mandat_auditor using (true);
grant select on report_use to mandat_auditor;
grant select (use_id, number, organisation_id, person_id, given_at, outcome, supplied, sha256) on report_account to mandat_auditor;

-- The uses until now. This says in rows what entries said already: it needs none of its own.
insert into report_use (id, organisation_id, citizen_id, mandate_id, person_id, procedure, way, used_at)
  select (body::jsonb -> 'detail' ->> 'login')::uuid, organisation_id, citizen_id, mandate_id, person_id, body::jsonb -> 'detail' ->> 'procedure', 'login', at
  from journal_entry where action = 'power.used' and num_nulls(organisation_id, citizen_id, mandate_id, person_id) = 0;

-- A use begins with the entry that tells of it, of the same person and for the same mandate; afterwards it changes by accounts alone, one at a time.
-- +goose StatementBegin
create function report_use_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, person_id, citizen_id, mandate_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and citizen_id = new.citizen_id and mandate_id = new.mandate_id and detail ->> 'procedure' = new.procedure
      and case when tg_op = 'UPDATE' then new.accounts = old.accounts + 1 and action = 'power.accounted' and detail ->> 'use' = new.id::text
            and detail ->> 'number' = new.accounts::text and detail ->> 'outcome' = new.outcome and person_id = new.closed_by
          when new.way = 'login' then new.state = 'open' and action = 'power.used' and detail ->> 'login' = new.id::text and person_id = new.person_id
          else new.state = 'open' and action = 'power.declared' and detail ->> 'use' = new.id::text and detail ->> 'way' = new.way and person_id = new.person_id end) then
    raise exception 'use % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function report_account_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, person_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action = 'power.accounted' and organisation_id = new.organisation_id and person_id = new.person_id and detail ->> 'use' = new.use_id::text
      and detail ->> 'number' = new.number::text and detail ->> 'outcome' = new.outcome and detail ->> 'supplied' = new.supplied::text and detail ->> 'sha256' = encode(new.sha256, 'hex')) then
    raise exception 'account of use % changed without its entry', new.use_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger report_use_journaled after insert or update on report_use deferrable initially deferred for each row execute function report_use_journaled();
create constraint trigger report_account_journaled after insert or update on report_account deferrable initially deferred for each row execute function report_account_journaled();
