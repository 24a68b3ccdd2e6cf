-- +goose Up

-- Proofs of possession (RFC 9449) that were seen: each is good once. SHA-256 of the key's thumbprint and the proof's jti.
create table dpop_proof (
  hash bytea primary key check (octet_length(hash) = 32),
  expires_at timestamptz not null
);
create index dpop_proof_expires on dpop_proof (expires_at);
grant select, insert, delete on dpop_proof to mandat_app;

-- Tokens with which public services ask our API: of the client itself, about nobody. Each is bound to a key (RFC 9449).
create table api_token (
  hash bytea primary key check (octet_length(hash) = 32), -- SHA-256 of a secret of 256 bits
  client varchar(128) not null,
  scope varchar(64) not null,
  jkt varchar(43) not null,
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at)
);
create index api_token_expires on api_token (expires_at);
alter table api_token enable row level security;
create policy scope on api_token to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
grant select, insert, delete on api_token to mandat_app;

-- The uses of public services that want to be told when one is over (OpenID Connect Back-Channel Logout): one row for each login whose
-- identity was released to such a service. Told once; purged when nobody has to be told any more.
create table backchannel_session (
  login_id uuid primary key, -- idp_login.id, the sid of its ID token
  organisation_id uuid not null,
  person_id uuid not null, -- the aidant
  mandate_id uuid not null,
  procedure text not null,
  case_ref text not null,
  client varchar(128) not null,
  sub varchar(43) not null, -- the citizen, as the service knows them
  opened_at timestamptz not null,
  over_at timestamptz, -- the service itself said so
  told_at timestamptz
);
create index backchannel_session_mandate on backchannel_session (mandate_id) where told_at is null;
create index backchannel_session_opened on backchannel_session (opened_at);
alter table backchannel_session enable row level security;
create policy scope on backchannel_session to mandat_app
  using (organisation_id = (select nullif(current_setting('mandat.org', true), '')::uuid) or (select current_setting('mandat.system', true) = 'on'));
grant select, insert, delete on backchannel_session to mandat_app;
grant update (over_at, told_at) on backchannel_session to mandat_app;
