-- +goose Up

-- Authorization requests that wait for their browser: pushed by a service (RFC 9126), or put aside while an aidant signs in. Each is
-- taken once, by the SHA-256 of its reference. Nothing in them is about a person.
create table idp_pushed (
  reference bytea primary key check (octet_length(reference) = 32),
  client varchar(128) not null,
  request text not null check (octet_length(request) <= 16384), -- parameters, form-encoded
  asked_at timestamptz, -- when the browser first brought it, null before
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index idp_pushed_over on idp_pushed (expires_at);
alter table idp_pushed enable row level security;
create policy scope on idp_pushed to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
grant select, insert, delete on idp_pushed to mandat_app;
