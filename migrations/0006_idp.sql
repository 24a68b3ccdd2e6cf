-- +goose Up

-- A login at a client for whom we are the identity provider. One row per login; each step moves its state once, by one
-- guarded statement (internal/idp). Rows are found by their id only, so there is no other index, and updates stay on
-- their page. They are purged when their time is long over: what happened stands in the journal.
create table idp_login (
  id uuid primary key,
  state text not null check (state in ('requested', 'citizen_chosen', 'code_issued', 'token_issued', 'released', 'refused')),
  refusal text check (refusal in ('cancelled', 'no_power', 'aidant_inactive', 'session_over', 'no_email', 'code_expired', 'code_replayed',
    'wrong_client', 'wrong_redirect_uri', 'wrong_verifier', 'token_expired')),
  -- who asks
  organisation_id uuid not null,
  person_id uuid not null,
  session_id bytea not null,
  factor_at timestamptz not null,
  -- what the client asked
  client text not null,
  sector text not null,
  redirect_uri text not null check (octet_length(redirect_uri) <= 2048),
  client_state text check (octet_length(client_state) <= 1024),
  nonce text check (octet_length(nonce) between 1 and 256),
  challenge text check (octet_length(challenge) = 43),
  scope text not null,
  claims text[] not null,
  perimeters text[], -- rep_scope as received; null is not asked
  procedures text[], -- the procedures within perimeters; null is every procedure
  -- what was chosen
  citizen_id uuid,
  mandate_id uuid,
  procedure text,
  identified_by text check (identified_by in ('franceconnect')),
  -- what was given: SHA-256 of secrets that carry the row's id
  code_hash bytea check (octet_length(code_hash) = 32),
  code_expires_at timestamptz,
  token_hash bytea check (octet_length(token_hash) = 32),
  token_expires_at timestamptz,
  released_at timestamptz,
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at),
  check (nonce is not null or challenge is not null),
  check ((state = 'refused') = (refusal is not null)),
  check (state <> 'requested' or (citizen_id is null and mandate_id is null and code_hash is null and token_hash is null)),
  check (state <> 'citizen_chosen' or (citizen_id is not null and mandate_id is null and code_hash is null and token_hash is null)),
  check (state <> 'code_issued' or (code_hash is not null and token_hash is null)),
  check (state <> 'token_issued' or (code_hash is not null and token_hash is not null)),
  check (state <> 'refused' or (code_hash is null and token_hash is null)),
  check ((state = 'released') = (released_at is not null)),
  -- An identity leaves only for a power over a citizen whom FranceConnect identified.
  check (state not in ('code_issued', 'token_issued', 'released')
    or (citizen_id is not null and mandate_id is not null and procedure is not null and identified_by is not distinct from 'franceconnect' and code_expires_at is not null)),
  check (state not in ('token_issued', 'released') or token_expires_at is not null)
) with (fillfactor = 60);

-- The name under which a client sector knows a citizen: 32 random bytes, made at first need, gone with the citizen.
create table idp_subject (
  citizen_id uuid not null references citizen on delete cascade,
  sector text not null,
  organisation_id uuid not null,
  sub text not null unique check (octet_length(sub) = 43),
  created_at timestamptz not null,
  primary key (citizen_id, sector)
);

alter table idp_login enable row level security;
alter table idp_subject enable row level security;
create policy scope on idp_login to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope on idp_subject to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
grant select, insert, delete on idp_login to mandat_app;
-- What the client asked and who the aidant is never change.
grant update (state, refusal, citizen_id, mandate_id, procedure, identified_by, code_hash, code_expires_at, token_hash, token_expires_at, released_at) on idp_login to mandat_app;
grant select, insert on idp_subject to mandat_app;

-- +goose StatementBegin
create function idp_login_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  wanted text := case new.state when 'released' then 'power.used' else 'power.refused' end;
begin
  if not exists (select from (select action, organisation_id, person_id, citizen_id, mandate_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and person_id = new.person_id
      and action = wanted and citizen_id is not distinct from new.citizen_id and mandate_id is not distinct from new.mandate_id
      and body::jsonb -> 'detail' ->> 'login' = new.id::text) then
    raise exception 'login % became % without its entry', new.id, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function idp_login_begins() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  raise exception 'a login begins as requested, not as %', new.state using errcode = 'integrity_constraint_violation';
end $$;
-- +goose StatementEnd
create trigger idp_login_begins before insert on idp_login for each row when (new.state <> 'requested') execute function idp_login_begins();
create constraint trigger idp_login_journaled after update of state on idp_login deferrable initially deferred for each row
  when (new.state = 'released' or (new.state = 'refused' and new.refusal <> 'cancelled')) execute function idp_login_journaled();
