-- +goose Up

-- Services that administrators registered as clients of our identity provider (internal/client). Those of the clients file are not here.
create table client (
  id uuid primary key,
  registration json not null check (json_typeof(registration) = 'object' and octet_length(registration::text) <= 100000), -- kept byte by byte: its entry has its SHA-256
  secret_hash bytea check (octet_length(secret_hash) = 32), -- null proves itself by a key of its own
  former_hash bytea check (octet_length(former_hash) = 32), -- the secret before, which counts until the service has changed over
  former_until timestamptz,
  state text not null check (state in ('open', 'closed')),
  registered_at timestamptz not null,
  changed_at timestamptz not null,
  closed_at timestamptz,
  constraint client_former check (num_nonnulls(former_hash, former_until) in (0, 2) and (former_hash is null or secret_hash is not null)),
  constraint client_closed check ((state = 'closed') = (closed_at is not null))
);
create index client_registered on client (registered_at);

alter table client enable row level security;
create policy scope on client to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy audit on client for select to mandat_auditor using (true);
grant select, insert on client to mandat_app;
grant update (registration, secret_hash, former_hash, former_until, state, changed_at, closed_at) on client to mandat_app;
grant select (id, registration, state, registered_at, changed_at, closed_at) on client to mandat_auditor;

create constraint trigger journaled after insert or update on client deferrable initially deferred for each row execute function journaled('client', 'id', 'client');

-- Assertions by which clients proved who they are (RFC 7523 §3): each is good once. SHA-256 of the client and the assertion's jti.
create table client_assertion (
  hash bytea primary key check (octet_length(hash) = 32),
  expires_at timestamptz not null
);
create index client_assertion_expires on client_assertion (expires_at);
grant select, insert, delete on client_assertion to mandat_app;
