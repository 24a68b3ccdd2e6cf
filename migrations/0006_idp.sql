-- +goose Up

-- A login at a client for whom we are the identity provider. One row per login; each step moves its state once, by one
-- guarded statement (internal/idp). Rows are found by their id only, so there is no other index, and updates stay on
-- their page. They are purged when their time is long over: what happened stands in the journal.
--
-- What a row must be is one CHECK that calls a function: PostgreSQL reads the text of a CHECK and of a trigger's WHEN anew
-- for every statement, and the same conditions written out cost as much as the update itself. Lengths are the types'.
create table idp_login (
  id uuid primary key,
  -- who asks
  organisation_id uuid not null,
  person_id uuid not null,
  session_id bytea not null,
  factor_at timestamptz not null,
  -- what the client asked
  client varchar(128) not null,
  sector varchar(128) not null,
  redirect_uri varchar(2048) not null,
  client_state varchar(1024),
  nonce varchar(256),
  challenge varchar(43),
  scope varchar(512) not null,
  claims text[] not null,
  perimeters text[], -- rep_scope as received; null is not asked
  procedures text[], -- the procedures within perimeters; null is every procedure
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- From here on columns change, and those before do not: an update writes to the log what lies from the first change on.
  state text not null default 'requested',
  refusal text,
  -- what was chosen; an identity leaves only for a power over a citizen whom FranceConnect identified
  citizen_id uuid,
  mandate_id uuid,
  procedure text,
  identified_by text,
  -- what was given: SHA-256 of secrets that carry the row's id
  code_hash bytea,
  code_expires_at timestamptz,
  token_hash bytea,
  token_expires_at timestamptz,
  released_at timestamptz
) with (fillfactor = 60);

-- +goose StatementBegin
create function idp_login_fits(l idp_login) returns boolean language plpgsql immutable as $$
begin
  return (l.nonce is not null or l.challenge is not null) and (l.identified_by is null or l.identified_by = 'franceconnect') and case l.state
    when 'requested' then num_nonnulls(l.refusal, l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.released_at) = 0
    when 'citizen_chosen' then l.citizen_id is not null and num_nonnulls(l.refusal, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.released_at) = 0
    when 'code_issued' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.code_expires_at) = 0 and num_nonnulls(l.refusal, l.token_hash, l.released_at) = 0
    when 'token_issued' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.token_expires_at) = 0 and num_nonnulls(l.refusal, l.released_at) = 0
    when 'released' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.released_at) = 0 and l.refusal is null
    when 'refused' then num_nonnulls(l.code_hash, l.token_hash, l.released_at) = 0 and coalesce(l.refusal, '') in ('cancelled', 'no_power', 'aidant_inactive', 'session_over',
      'no_email', 'code_expired', 'code_replayed', 'wrong_client', 'wrong_redirect_uri', 'wrong_verifier', 'token_expired')
    else false end;
end $$;
-- +goose StatementEnd
alter table idp_login add constraint idp_login_fits check (idp_login_fits(idp_login));

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
-- A login begins as requested, and what the client asked and who the aidant is never change.
grant select, delete on idp_login to mandat_app;
grant insert (id, organisation_id, person_id, session_id, factor_at, client, sector, redirect_uri, client_state, nonce, challenge, scope, claims, perimeters, procedures,
  created_at, expires_at) on idp_login to mandat_app;
grant update (state, refusal, citizen_id, mandate_id, procedure, identified_by, code_hash, code_expires_at, token_hash, token_expires_at, released_at) on idp_login to mandat_app;
grant select, insert on idp_subject to mandat_app;

-- +goose StatementBegin
create function idp_login_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if new.refusal = 'cancelled' then
    return null; -- by the aidant: no power was refused
  end if;
  -- "offset 0": see 0002_organisation.sql. Found by the organisation, the entry would cost the more the older the journal is.
  if not exists (select from (select action, organisation_id, person_id, citizen_id, mandate_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and person_id = new.person_id
      and action = case new.state when 'released' then 'power.used' else 'power.refused' end
      and citizen_id is not distinct from new.citizen_id and mandate_id is not distinct from new.mandate_id and body::jsonb -> 'detail' ->> 'login' = new.id::text) then
    raise exception 'login % became % without its entry', new.id, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- These two columns tell the states released and refused: see idp_login_fits.
create constraint trigger idp_login_journaled after update of state on idp_login deferrable initially deferred for each row
  when (new.released_at is not null or new.refusal is not null) execute function idp_login_journaled();
