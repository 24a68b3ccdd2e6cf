-- +goose Up

-- Second factors. Each is its person's own: nobody else can add one, and only a reset that two others decided removes one
-- without them.

-- A passkey or security key (WebAuthn). The public key is no secret.
create table credential_passkey (
  id uuid primary key,
  person_id uuid not null references person,
  credential_id bytea not null unique check (octet_length(credential_id) between 1 and 1023),
  public_key bytea not null,
  aaguid bytea not null,
  transports text[] not null,
  name text not null check (char_length(name) between 1 and 60),
  backup_eligible boolean not null,
  backed_up boolean not null,
  sign_count bigint not null check (sign_count >= 0),
  cloned_at timestamptz, -- its counter went back: somebody may have a copy; it does not count any more
  created_at timestamptz not null,
  used_at timestamptz
);
create index credential_passkey_person on credential_passkey (person_id);

-- A code generator (RFC 6238): an application, or a card of the stock. The seed is encrypted (internal/envelope); last_step
-- is the step of the last code that was accepted: none counts twice.
create table credential_totp (
  id uuid primary key,
  person_id uuid not null references person,
  kind text not null check (kind in ('app', 'card')),
  name text not null check (char_length(name) between 1 and 60),
  serial text unique,
  data_key bytea not null,
  seed bytea not null,
  period int not null check (period in (30, 60)),
  digits int not null default 6 check (digits in (6, 8)),
  drift int not null default 0 check (drift between -20 and 20), -- in steps
  last_step bigint not null default 0,
  confirmed_at timestamptz, -- null: its first code was not given yet, it does not count
  created_at timestamptz not null,
  used_at timestamptz,
  check ((kind = 'card') = (serial is not null))
);
create index credential_totp_person on credential_totp (person_id);
create unique index credential_totp_app on credential_totp (person_id) where kind = 'app' and confirmed_at is null;

-- The stock of cards. Which person has one says credential_totp.
create table credential_card (
  serial text primary key check (serial ~ '^[A-Za-z0-9-]{4,40}$'),
  data_key bytea not null,
  seed bytea not null,
  state text not null check (state in ('stock', 'given', 'lost')),
  organisation_id uuid references organisation, -- to whom it was sent; null is nobody yet
  imported_at timestamptz not null
);

-- Recovery codes: SHA-256 of 80 random bits each.
create table credential_recovery (
  person_id uuid not null references person,
  hash bytea not null check (octet_length(hash) = 32),
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (person_id, hash)
);

-- All factors of a person are to be removed: asked by one, approved by another, done when an hour has passed.
create table credential_reset (
  id uuid primary key,
  person_id uuid not null references person,
  organisation_id uuid references organisation, -- of the referent who asked; null: asked by an administrator
  state text not null check (state in ('asked', 'approved', 'done', 'refused', 'cancelled', 'used')),
  asked_by uuid not null references person,
  asked_at timestamptz not null,
  approved_by uuid references person,
  approved_at timestamptz,
  effective_at timestamptz,
  ended_at timestamptz,
  token_hash bytea unique check (octet_length(token_hash) = 32), -- of the link that lets the person enrol again
  token_until timestamptz,
  check (asked_by <> person_id),
  check (approved_by <> asked_by and approved_by <> person_id),
  check (num_nulls(approved_by, approved_at, effective_at) in (0, 3)),
  check (state in ('asked', 'refused', 'cancelled') or approved_by is not null),
  check (effective_at >= approved_at + interval '1 hour'),
  check ((state in ('done', 'refused', 'cancelled', 'used')) = (ended_at is not null))
);
create unique index credential_reset_open on credential_reset (person_id) where state in ('asked', 'approved');
create index credential_reset_due on credential_reset (effective_at) where state = 'approved';

-- What a browser was asked to sign (WebAuthn) and has not yet: for one session, once.
create table credential_challenge (
  id bytea primary key check (octet_length(id) = 32),
  session_id bytea not null,
  person_id uuid, -- null: whoever has the key
  purpose text not null check (purpose in ('enrol', 'sign_in', 'step_up')),
  data bytea not null check (octet_length(data) <= 20000),
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at)
);
create index credential_challenge_expiry on credential_challenge (expires_at);
create index credential_challenge_session on credential_challenge (session_id);

grant select, insert, update, delete on credential_passkey, credential_totp, credential_recovery, credential_challenge to mandat_app;
grant select, insert, update on credential_card, credential_reset to mandat_app;
grant select on credential_passkey, credential_reset to mandat_auditor;
revoke select on credential_reset from mandat_auditor;
grant select (id, person_id, organisation_id, state, asked_by, asked_at, approved_by, approved_at, effective_at, ended_at) on credential_reset to mandat_auditor;
grant select (id, person_id, kind, serial, period, confirmed_at, created_at) on credential_totp to mandat_auditor;
grant select on credential_recovery to mandat_auditor; -- 80 random bits: their hash gives nothing away
grant select (serial, state, organisation_id, imported_at) on credential_card to mandat_auditor;

-- What counts as a factor changes by an act on its person. Counters, drift and names move at each use and need none.
create constraint trigger journaled after insert or delete or update of person_id, credential_id, public_key, cloned_at on credential_passkey deferrable initially deferred
  for each row execute function journaled('person', 'person_id', 'factor', 'session');
-- A generator whose first code was not given does not count: it comes and goes without one.
create constraint trigger insert_journaled after insert on credential_totp deferrable initially deferred
  for each row when (new.confirmed_at is not null) execute function journaled('person', 'person_id', 'factor');
create constraint trigger update_journaled after update of person_id, serial, seed, confirmed_at on credential_totp deferrable initially deferred
  for each row when (old.confirmed_at is not null or new.confirmed_at is not null) execute function journaled('person', 'person_id', 'factor');
create constraint trigger delete_journaled after delete on credential_totp deferrable initially deferred
  for each row when (old.confirmed_at is not null) execute function journaled('person', 'person_id', 'factor');
create constraint trigger journaled after insert or update or delete on credential_recovery deferrable initially deferred
  for each row execute function journaled('person', 'person_id', 'factor');
create constraint trigger journaled after insert or update of state, person_id, asked_by, approved_by, effective_at on credential_reset deferrable initially deferred
  for each row execute function journaled('person', 'person_id', 'factor');
-- A card is given and comes back with the factor that it is of. What else becomes of it is an act on it.
create constraint trigger sent_journaled after update of organisation_id on credential_card deferrable initially deferred
  for each row when (old.organisation_id is distinct from new.organisation_id) execute function journaled('serial', 'serial', 'cards.sent');
create constraint trigger lost_journaled after update of state on credential_card deferrable initially deferred
  for each row when (old.state = 'stock' and new.state = 'lost') execute function journaled('serial', 'serial', 'cards.lost');
