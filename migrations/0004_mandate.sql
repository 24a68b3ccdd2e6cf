-- +goose Up

-- A citizen as one organisation knows them. identity and data_key are encrypted (internal/envelope); sub_index is a keyed
-- hash of FranceConnect's sub, keyed per organisation, so that the same person in two organisations cannot be joined.
create table citizen (
  id uuid primary key,
  organisation_id uuid not null,
  sub_index bytea not null check (octet_length(sub_index) = 32),
  data_key bytea not null,
  identity bytea not null,
  identified_by text not null check (identified_by in ('franceconnect')),
  identified_at timestamptz not null,
  created_at timestamptz not null,
  unique (organisation_id, sub_index)
);

create table mandate_draft (
  id uuid primary key,
  organisation_id uuid not null,
  person_id uuid not null,
  state text not null check (state in ('open', 'identified', 'signed', 'abandoned')),
  procedures text[] not null check (cardinality(procedures) between 1 and 100),
  days int not null check (days in (1, 31, 182, 365)),
  no_protection_at timestamptz not null,
  informed_at timestamptz not null,
  subject_id uuid, -- whose key data_key is: the citizen's id, if this organisation does not know them yet
  data_key bytea,
  identity bytea,
  sub_index bytea,
  identified_at timestamptz,
  identified_session bytea,
  mandate_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  check ((state = 'identified') = (identity is not null)),
  check (num_nulls(subject_id, data_key, identity, sub_index, identified_at, identified_session) in (0, 6)),
  check ((state = 'signed') = (mandate_id is not null))
);
create index mandate_draft_person on mandate_draft (organisation_id, person_id, created_at desc) where state in ('open', 'identified');
create index mandate_draft_expiry on mandate_draft (expires_at) where state <> 'signed';

create table mandate (
  id uuid primary key,
  organisation_id uuid not null,
  citizen_id uuid not null references citizen,
  draft_id uuid not null unique,
  person_id uuid not null,
  state text not null check (state in ('standing', 'ended')),
  identified_by text not null check (identified_by in ('franceconnect')),
  identified_at timestamptz not null,
  signed_at timestamptz not null check (signed_at >= identified_at),
  days int not null,
  ends_at timestamptz not null check (ends_at > signed_at),
  ended_at timestamptz check (ended_at >= signed_at),
  ended_by uuid,
  end_reason text check (end_reason in ('citizen', 'organisation', 'completed', 'mistake', 'death', 'protection', 'superseded', 'expired')),
  catalogue text not null,
  -- Last, because an update writes to the log what lies between the first column that changes and the last.
  terms bytea not null,
  terms_digest bytea not null check (octet_length(terms_digest) = 32),
  check ((state = 'ended') = (ended_at is not null and end_reason is not null))
);
create index mandate_organisation on mandate (organisation_id, signed_at desc);
create index mandate_citizen on mandate (citizen_id);

-- What a mandate gives: one procedure, for one case ('' is every case).
create table mandate_power (
  mandate_id uuid not null references mandate,
  procedure text not null,
  case_ref text not null default '',
  organisation_id uuid not null,
  citizen_id uuid not null,
  state text not null check (state in ('scheduled', 'standing', 'ended')),
  identified_by text not null check (identified_by in ('franceconnect')),
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  ended_at timestamptz check (state = 'ended' or ended_at is null),
  end_reason text check (end_reason in ('citizen', 'organisation', 'completed', 'mistake', 'death', 'protection', 'superseded', 'expired')),
  primary key (mandate_id, procedure, case_ref),
  check ((state = 'ended') = (ended_at is not null and end_reason is not null))
);
create unique index mandate_power_standing on mandate_power (organisation_id, citizen_id, procedure, case_ref) include (mandate_id, ends_at) where state = 'standing';
create unique index mandate_power_scheduled on mandate_power (organisation_id, citizen_id, procedure, case_ref) where state = 'scheduled';

alter table citizen enable row level security;
alter table mandate_draft enable row level security;
alter table mandate enable row level security;
alter table mandate_power enable row level security;
create policy scope on citizen to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope on mandate_draft to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope on mandate to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope on mandate_power to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy audit on mandate for select to mandat_auditor using (true);
create policy audit on mandate_power for select to mandat_auditor using (true);

grant select, insert, update on citizen, mandate, mandate_power to mandat_app;
grant select, insert, update, delete on mandate_draft to mandat_app;
grant select (id, organisation_id, citizen_id, draft_id, person_id, state, identified_by, identified_at, signed_at, days, ends_at, catalogue, terms_digest, ended_at, ended_by, end_reason) on mandate to mandat_auditor;
grant select on mandate_power to mandat_auditor;
create policy audit on citizen for select to mandat_auditor using (true);
grant select (id, organisation_id) on citizen to mandat_auditor;

-- +goose StatementBegin
create function citizen_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.id and organisation_id = new.organisation_id and action = 'mandate.signed') then
    raise exception 'citizen % changed without their entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function mandate_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.citizen_id and organisation_id = new.organisation_id
      and (action = 'mandate.signed' or (action = 'mandate.ended' and mandate_id = new.id))) then
    raise exception 'mandate % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function mandate_power_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.citizen_id and organisation_id = new.organisation_id
      and (action = 'mandate.signed' or (action = 'mandate.ended' and mandate_id = new.mandate_id))) then
    raise exception 'power of mandate % changed without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger citizen_journaled after insert or update on citizen deferrable initially deferred for each row execute function citizen_journaled();
create constraint trigger mandate_journaled after insert or update on mandate deferrable initially deferred for each row execute function mandate_journaled();
create constraint trigger mandate_power_journaled after insert or update on mandate_power deferrable initially deferred for each row execute function mandate_power_journaled();
