-- +goose Up

-- Services that talk to us directly: what their logins are held to. FranceConnect's are as before.
alter table idp_login
  add column direct boolean not null default false,
  add column level text not null default 'franceconnect', -- how surely the citizen must be known for this client
  add column dpop_jkt varchar(43), -- thumbprint of the key that the code is bound to (RFC 9449 §10)
  add column max_age integer; -- as asked, in seconds
grant insert (direct, level, dpop_jkt, max_age) on idp_login to mandat_app;
grant update (dpop_jkt) on idp_login to mandat_app;

-- +goose StatementBegin
create function assurance_reaches(have text, need text) returns boolean language sql immutable parallel safe
  return array_position(array['known', 'witnessed', 'franceconnect'], have) >= array_position(array['known', 'witnessed', 'franceconnect'], need);
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function idp_login_fits(l idp_login) returns boolean language plpgsql immutable as $$
begin
  return (l.nonce is not null or l.challenge is not null) and (l.direct or l.level = 'franceconnect')
    and (l.identified_by is null or l.identified_by = 'franceconnect' or l.direct and coalesce(public.assurance_reaches(l.identified_by, l.level), false))
    and (l.case_ref is null or l.procedure is not null) and case l.state
    when 'requested' then num_nonnulls(l.refusal, l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.released_at) = 0
    when 'citizen_chosen' then l.citizen_id is not null and num_nonnulls(l.refusal, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.released_at) = 0
    when 'code_issued' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.code_expires_at) = 0 and num_nonnulls(l.refusal, l.token_hash, l.released_at) = 0
    when 'token_issued' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.token_expires_at) = 0 and num_nonnulls(l.refusal, l.released_at) = 0
    when 'released' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.released_at) = 0 and l.refusal is null
    when 'refused' then num_nonnulls(l.code_hash, l.token_hash, l.released_at) = 0 and coalesce(l.refusal, '') in ('cancelled', 'no_power', 'not_allowed', 'aidant_inactive', 'session_over',
      'no_email', 'code_expired', 'code_replayed', 'wrong_client', 'wrong_redirect_uri', 'wrong_verifier', 'token_expired')
    else false end;
end $$;
-- +goose StatementEnd

-- The name under which a client sector knows an aidant: 32 random bytes, made at first need, gone with the person.
create table idp_actor (
  person_id uuid not null references person on delete cascade,
  sector varchar(128) not null,
  sub text not null unique check (octet_length(sub) = 43),
  created_at timestamptz not null,
  primary key (person_id, sector)
);
alter table idp_actor enable row level security;
create policy scope on idp_actor to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
grant select, insert on idp_actor to mandat_app;
