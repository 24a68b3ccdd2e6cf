-- +goose Up

create table organisation (
  id uuid primary key,
  siret text not null unique check (siret ~ '^[0-9]{14}$'),
  name text not null check (char_length(name) between 1 and 200),
  address text not null,
  postcode text not null check (postcode ~ '^[0-9]{5}$'),
  city text not null,
  phone text not null,
  email text not null,
  active boolean not null default true,
  created_at timestamptz not null
);

-- A professional. issuer and sub are ProConnect's: the only key by which a person is recognised.
create table person (
  id uuid primary key,
  issuer text not null,
  sub text not null,
  subject_salt bytea not null check (octet_length(subject_salt) = 32), -- of the digest of issuer and sub that stands in the entry
  email text not null check (email = lower(email)),
  given_name text not null,
  usual_name text not null,
  auditor boolean not null default false,
  suspended_at timestamptz,
  created_at timestamptz not null,
  unique (issuer, sub)
);
create unique index person_email on person (email);

create table membership (
  organisation_id uuid not null references organisation,
  person_id uuid not null references person,
  role text not null check (role in ('aidant', 'referent')),
  created_at timestamptz not null,
  ended_at timestamptz check (ended_at >= created_at),
  primary key (organisation_id, person_id, role)
);
create index membership_person on membership (person_id) where ended_at is null;

alter table membership enable row level security;
create policy scope on membership to mandat_app using (
  organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy audit on membership for select to mandat_auditor using (true);

grant select, insert, update on organisation, person, membership to mandat_app;
grant select on organisation, membership to mandat_auditor;
grant select (id, issuer, sub, subject_salt, auditor, suspended_at, created_at) on person to mandat_auditor;

-- What the journaled functions do at commit: look for this transaction's entry. They are planned once in a connection, perhaps
-- while the journal is nearly empty and every index looks alike, and must not read an organisation's whole journal ever
-- after. "offset 0" keeps the other conditions out of the choice: the entry is found by its transaction or not at all.
-- +goose StatementBegin
create function organisation_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.id and action like 'organisation.%') then
    raise exception 'organisation % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function person_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action like 'person.%' and body::jsonb -> 'detail' ->> 'person' = new.id::text) then
    raise exception 'person % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function membership_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id
      and (action like 'person.%' and body::jsonb -> 'detail' ->> 'person' = new.person_id::text or action = 'organisation.closed' and new.ended_at is not null)) then
    raise exception 'membership of % changed without its entry', new.person_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger organisation_journaled after insert or update on organisation deferrable initially deferred for each row execute function organisation_journaled();
create constraint trigger person_journaled after insert or update on person deferrable initially deferred for each row execute function person_journaled();
create constraint trigger membership_journaled after insert or update on membership deferrable initially deferred for each row execute function membership_journaled();
