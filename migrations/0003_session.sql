-- +goose Up

-- A browser that we know, signed in or not. id is what attempts, drafts and logins are bound to: it lasts as long as the
-- session, and is no secret. cookie is the SHA-256 of the secret in the browser's cookie, and changes at each sign-in
-- and step-up. No row security: the row is what tells the scope.
create table session (
  id bytea primary key check (octet_length(id) = 32),
  cookie bytea not null unique check (octet_length(cookie) = 32),
  person_id uuid references person,
  organisation_id uuid references organisation,
  role text check (role in ('aidant', 'referent', 'auditor')),
  factor_at timestamptz,
  return_path text check (return_path ~ '^/' and octet_length(return_path) <= 4096),
  login_again boolean not null default false,
  notice_for text,
  notice text check (notice ~ '^[a-z0-9_.]+$'),
  created_at timestamptz not null,
  seen_at timestamptz not null check (seen_at >= created_at),
  expires_at timestamptz not null check (expires_at > created_at),
  check ((person_id is null) = (role is null)),
  check ((person_id is null) = (factor_at is null)),
  check (case when role in ('aidant', 'referent') then organisation_id is not null else organisation_id is null end),
  check ((notice is null) = (notice_for is null))
);
create index session_seen on session (seen_at);

-- A journey to ProConnect or FranceConnect that has left and not come back. It is deleted by the answer that uses it.
create table session_attempt (
  state bytea primary key check (octet_length(state) = 32),
  kind text not null check (kind in ('sign_in', 'step_up', 'identity', 'identity_end')),
  session_id bytea not null references session on delete cascade,
  nonce text not null,
  verifier text not null,
  person_id uuid,
  draft_id uuid,
  return_path text not null check (return_path ~ '^/' and octet_length(return_path) <= 4096),
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  check ((kind in ('identity', 'identity_end')) = (draft_id is not null)),
  check ((kind = 'sign_in') = (person_id is null))
);
create index session_attempt_session on session_attempt (session_id);
create index session_attempt_expiry on session_attempt (expires_at);

-- What was refused before anybody was signed in: nothing typed or asserted is kept, and of the address only its network
-- (IPv4 /24, IPv6 /48). Kept 12 months.
create table security_event (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
  network cidr not null
);
create index security_event_at on security_event (at);

grant select, insert, update, delete on session, session_attempt to mandat_app;
grant select, insert, delete on security_event to mandat_app;
grant select on security_event to mandat_auditor;
