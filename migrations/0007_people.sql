-- +goose Up

-- What the journaled functions of people's tables ask at commit: is there an entry of this transaction whose action is one of
-- a kind ("person.joined" or all of "factor") and whose detail names the row? Arguments: the member of the detail, the
-- column that it names, then the actions and kinds.
-- +goose StatementBegin
create function journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
declare line jsonb := to_jsonb(coalesce(new, old));
begin
  if not exists (select from (select action, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where (action = any (tg_argv[2:]) or split_part(action, '.', 1) = any (tg_argv[2:]))
      and body::jsonb -> 'detail' ->> tg_argv[0] = line ->> tg_argv[1]) then
    raise exception '% % changed without its entry', tg_table_name, line ->> tg_argv[1] using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd

alter table organisation
  add column public_id uuid not null unique default gen_random_uuid(),
  add column kind text not null default 'autre' check (kind ~ '^[a-z_]{1,40}$'),
  add column kind_other text check (char_length(kind_other) between 1 and 100),
  add column address_extra text not null default '' check (char_length(address_extra) <= 200),
  add column insee_code text check (insee_code ~ '^[0-9AB]{5}$'),
  add column department_code text check (department_code ~ '^[0-9AB]{2,3}$'),
  add column france_services text check (char_length(france_services) between 1 and 40), -- number of the label; null is none
  add column habilitation_number text unique check (char_length(habilitation_number) between 1 and 40),
  add column procedures text[] check (cardinality(procedures) between 1 and 200), -- that its mandates may be about; null is every one
  add column closed_at timestamptz,
  add constraint organisation_closed check (closed_at is null or not active),
  add constraint organisation_kind_other check ((kind_other is null) or kind = 'autre');
-- What follows says in new columns what entries said already: it needs none of its own.
alter table organisation disable trigger organisation_journaled;
update organisation o set closed_at = (select max(at) from journal_entry where organisation_id = o.id and action = 'organisation.closed') where not active;
alter table organisation enable trigger organisation_journaled;

-- Names by which ProConnect knows a person: issuer and sub. The first is told when they are added or accept an invitation;
-- another one is asked for by somebody who signs in with it, and counts once their referent has confirmed it.
create table person_identity (
  issuer text not null,
  sub text not null,
  person_id uuid not null references person,
  salt bytea not null check (octet_length(salt) = 32), -- of the digest of issuer and sub that stands in the entry
  state text not null check (state in ('asked', 'confirmed', 'refused')),
  asked_at timestamptz not null,
  decided_at timestamptz check (decided_at >= asked_at),
  decided_by uuid references person,
  primary key (issuer, sub),
  check ((state = 'asked') = (decided_at is null))
);
create index person_identity_person on person_identity (person_id);
insert into person_identity (issuer, sub, person_id, salt, state, asked_at, decided_at)
  select issuer, sub, id, subject_salt, 'confirmed', created_at, created_at from person;

revoke select on person from mandat_auditor;
alter table person
  drop column issuer, drop column sub, drop column subject_salt,
  add column administrator boolean not null default false,
  add column profession text not null default '' check (char_length(profession) <= 100),
  add column digital_adviser boolean not null default false, -- conseiller numérique
  add column phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'), -- E.164
  add column phone_verified_at timestamptz,
  add column email_verified_at timestamptz,
  add column lang text not null default 'fr' check (lang in ('fr', 'en')),
  add column suspended_why text check (suspended_why in ('decided', 'inactive')),
  add constraint person_suspension check ((suspended_at is null) = (suspended_why is null)) not valid,
  add constraint person_one_office check (not (auditor and administrator)),
  add constraint person_phone check (phone is not null or phone_verified_at is null);
alter table person disable trigger person_journaled;
update person set suspended_why = 'decided' where suspended_at is not null;
alter table person enable trigger person_journaled;
alter table person validate constraint person_suspension;
grant select (id, auditor, administrator, suspended_at, suspended_why, created_at) on person to mandat_auditor;

-- A suspension in one organisation is that organisation's; procedures limits what the person may do there, null is not at all.
alter table membership
  add column suspended_at timestamptz,
  add column procedures text[] check (cardinality(procedures) between 1 and 200);

-- An address or a number that a person says is theirs, until they have shown it. One of each kind at a time.
create table person_contact (
  person_id uuid not null references person,
  kind text not null check (kind in ('email', 'phone')),
  value text not null check (char_length(value) between 3 and 254),
  hash bytea not null check (octet_length(hash) = 32),
  tries int not null default 0 check (tries between 0 and 10),
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  primary key (person_id, kind)
);

-- When somebody was last told that they will be suspended for not having signed in.
create table person_warning (
  person_id uuid primary key references person,
  warned_at timestamptz not null
);

-- An invitation to an organisation, or to be an administrator, which a second administrator has to confirm before it is sent.
-- The link's secret exists only in the mail; its SHA-256 is here once the mail was written.
create table invitation (
  id uuid primary key,
  organisation_id uuid references organisation,
  administrator boolean not null default false,
  roles text[] not null check (roles <@ array['aidant', 'referent']),
  email text not null check (email = lower(email) and char_length(email) between 3 and 254),
  given_name text not null check (char_length(given_name) between 1 and 100),
  usual_name text not null check (char_length(usual_name) between 1 and 100),
  profession text not null default '' check (char_length(profession) <= 100),
  digital_adviser boolean not null default false,
  phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  lang text not null default 'fr' check (lang in ('fr', 'en')),
  state text not null check (state in ('proposed', 'open', 'accepted', 'withdrawn')),
  token_hash bytea unique check (octet_length(token_hash) = 32),
  invited_by uuid references person, -- null: the program's operator
  confirmed_by uuid references person,
  person_id uuid references person, -- who accepted
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  decided_at timestamptz check (decided_at >= created_at), -- accepted or withdrawn
  check (administrator = (organisation_id is null)),
  check (administrator = (cardinality(roles) = 0)),
  check (confirmed_by is null or confirmed_by <> invited_by),
  check ((state in ('accepted', 'withdrawn')) = (decided_at is not null)),
  check ((state = 'accepted') = (person_id is not null)),
  check (state <> 'proposed' or administrator)
);
create unique index invitation_open on invitation (organisation_id, email) where state in ('proposed', 'open') and organisation_id is not null;
create unique index invitation_administrator on invitation (email) where state in ('proposed', 'open') and organisation_id is null;
create index invitation_expiry on invitation (expires_at) where state in ('proposed', 'open');
alter table invitation enable row level security;
create policy scope on invitation to mandat_app using (
  organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');

-- What a person was trained for and may therefore do. A certificate whose time is over is no state: certified_until says it.
create table certification (
  person_id uuid primary key references person,
  state text not null check (state in ('to_train', 'trained', 'passed', 'certified', 'suspended')),
  trained_on date,
  organiser text check (char_length(organiser) between 1 and 200),
  training text check (training in ('classic', 'peer')),
  tested_on date,
  score int check (score between 0 and 1000),
  minimum int check (minimum between 0 and 1000),
  passed_on date check (passed_on <= tested_on), -- of the last test that was passed: a certificate's time counts from it
  certified_at timestamptz,
  certified_until timestamptz check (certified_until > certified_at),
  suspended_at timestamptz,
  updated_at timestamptz not null,
  check (num_nulls(trained_on, organiser, training) in (0, 3)),
  check (num_nulls(tested_on, score, minimum) in (0, 3)),
  check (num_nulls(certified_at, certified_until) in (0, 2)),
  check (state = 'to_train' or trained_on is not null),
  check (state not in ('passed', 'certified', 'suspended') or passed_on is not null),
  check (state <> 'passed' or passed_on >= trained_on),
  check (passed_on is null or passed_on < tested_on or score >= minimum),
  check (state not in ('certified', 'suspended') or certified_until is not null),
  check ((state = 'suspended') = (suspended_at is not null))
);
create index certification_until on certification (certified_until) where state = 'certified';

-- A file of results that is being taken in, a thousand lines to an act. content is encrypted, and forgotten when all is done.
create table certification_import (
  id uuid primary key,
  sha256 bytea not null check (octet_length(sha256) = 32),
  lines int not null check (lines between 1 and 100000),
  done int not null default 0 check (done between 0 and lines),
  data_key bytea,
  content bytea,
  created_by uuid not null references person,
  created_at timestamptz not null,
  ended_at timestamptz,
  check ((ended_at is null) = (content is not null)),
  check (num_nulls(data_key, content) in (0, 2))
);
-- What each line changed: the entry of its batch holds the digest of these.
create table certification_change (
  import_id uuid not null references certification_import,
  line int not null check (line >= 1),
  person_id uuid not null references person,
  state text not null,
  trained_on date,
  organiser text,
  training text,
  tested_on date,
  score int,
  minimum int,
  passed_on date,
  certified_at timestamptz,
  certified_until timestamptz,
  primary key (import_id, line)
);

-- The charter (conditions of use) in its versions, and who accepted which. The latest one published counts.
create table charter (
  version text primary key check (version ~ '^[0-9a-z.-]{1,20}$'),
  sha256 bytea not null check (octet_length(sha256) = 32),
  published_at timestamptz not null unique
);
create table charter_acceptance (
  person_id uuid not null references person,
  version text not null references charter,
  sha256 bytea not null check (octet_length(sha256) = 32),
  accepted_at timestamptz not null,
  primary key (person_id, version)
);

grant select, insert, update on person_identity, certification, certification_import, invitation to mandat_app;
grant select, insert on certification_change to mandat_app;
grant select, insert, update, delete on person_contact to mandat_app;
grant select, insert, update on person_warning to mandat_app;
grant select, insert on charter, charter_acceptance to mandat_app;
grant select on person_identity, certification, certification_import, certification_change, charter, charter_acceptance to mandat_auditor;
revoke select on certification_import from mandat_auditor;
grant select (id, sha256, lines, done, created_by, created_at, ended_at) on certification_import to mandat_auditor;
grant select (id, organisation_id, administrator, roles, state, invited_by, confirmed_by, person_id, created_at, expires_at, decided_at) on invitation to mandat_auditor;
create policy audit on invitation for select to mandat_auditor using (true);

create constraint trigger journaled after insert or update or delete on person_identity deferrable initially deferred for each row
  execute function journaled('person', 'person_id', 'person');
create constraint trigger journaled after insert or update of state, organisation_id, administrator, roles, email, expires_at on invitation deferrable initially deferred for each row
  execute function journaled('invitation', 'id', 'invitation', 'person');
create constraint trigger journaled after insert or update or delete on charter_acceptance deferrable initially deferred for each row
  execute function journaled('person', 'person_id', 'charter.accepted');
create constraint trigger journaled after insert on charter deferrable initially deferred for each row
  execute function journaled('version', 'version', 'charter.published');

-- A certification changes by an act on its person, or by a batch of an import, whose entry names the import and whose
-- changes stand beside it.
-- +goose StatementBegin
create function certification_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where split_part(action, '.', 1) = 'certification' and body::jsonb -> 'detail' ->> 'person' = new.person_id::text
      or action = 'person.added' and body::jsonb -> 'detail' ->> 'person' = new.person_id::text
      or action = 'certification.imported' and exists (select from certification_change c where c.person_id = new.person_id
        and c.import_id::text = body::jsonb -> 'detail' ->> 'import')) then
    raise exception 'certification of % changed without its entry', new.person_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger certification_journaled after insert or update on certification deferrable initially deferred for each row execute function certification_journaled();
create index certification_change_person on certification_change (person_id);
