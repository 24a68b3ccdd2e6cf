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
