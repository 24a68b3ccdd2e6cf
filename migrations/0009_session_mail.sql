-- +goose Up

-- A person with several organisations has a row for each in the same browser: the organisation of a request stands in its
-- address, and with it the row is found. browser holds them together: they are stepped up, ended and idle as one.
-- Everybody signs in again: what a session from before does not know, nobody can tell.
delete from session;
alter table session
  add column browser bytea not null check (octet_length(browser) = 32),
  add column method text check (method in ('proconnect', 'mail_link', 'passkey', 'invitation', 'reset')),
  add column factor_kind text check (factor_kind in ('proconnect', 'passkey', 'app', 'card', 'recovery')),
  add column factor_citizen uuid, -- for whom the factor was given, when it was given for a login
  add column asked_citizen uuid, -- for whom the next one is asked
  add column addressed boolean not null default false, -- found by addresses that name its organisation, not by others
  add column half_person uuid references person, -- who has shown their address and not yet their factor
  add column half_until timestamptz,
  add column enrolling boolean not null default false, -- signed in to add a first factor, and for nothing else
  add column device text check (char_length(device) <= 100),
  add column network cidr,
  drop constraint session_role_check,
  drop constraint session_check2,
  drop constraint session_check3,
  drop constraint session_check4;
alter table session
  add constraint session_role check (role in ('aidant', 'referent', 'auditor', 'administrator')),
  add constraint session_person check ((person_id is null) = (role is null)),
  add constraint session_factor check ((factor_at is null) = (factor_kind is null) and (person_id is not null or factor_at is null)),
  add constraint session_enrolling check (not enrolling or person_id is not null),
  -- Who came by ProConnect and has a factor of their own has not given it yet, and gives it when it is asked for.
  add constraint session_known check (person_id is null or enrolling or factor_at is not null or method in ('proconnect', 'invitation')),
  add constraint session_half check ((half_person is null) = (half_until is null) and (half_person is null or person_id is null)),
  add constraint session_place check (case when role in ('aidant', 'referent') then organisation_id is not null else organisation_id is null end);
create index session_browser on session (browser);
create index session_person on session (person_id) where person_id is not null;

alter table session_attempt
  drop constraint session_attempt_kind_check,
  drop constraint session_attempt_check2,
  add column invitation_id uuid,
  add constraint session_attempt_kind check (kind in ('sign_in', 'step_up', 'identity', 'identity_end', 'invitation')),
  add constraint session_attempt_person check ((kind in ('sign_in', 'invitation')) = (person_id is null)),
  add constraint session_attempt_invitation check ((kind = 'invitation') = (invitation_id is not null));

-- Browsers a person has signed in with, and when they were last here. device is the SHA-256 of a secret in a cookie that lasts.
create table session_device (
  person_id uuid not null references person,
  device bytea not null check (octet_length(device) = 32),
  label text not null check (char_length(label) <= 100),
  network cidr not null,
  first_at timestamptz not null,
  last_at timestamptz not null check (last_at >= first_at),
  primary key (person_id, device)
);
create index session_device_last on session_device (last_at);
create table session_presence (
  person_id uuid primary key references person,
  signed_in_at timestamptz not null
);

alter table security_event add column person_id uuid; -- whose sign-in failed, when that is known
create index security_event_person on security_event (person_id, at) where person_id is not null;

-- A login that asks for a new second factor wants it for the citizen it is about, not before this time; null asks for none.
alter table idp_login add column factor_since timestamptz, alter column factor_at drop not null;
grant insert (factor_since) on idp_login to mandat_app;
-- +goose StatementBegin
create or replace function idp_login_fits(l idp_login) returns boolean language plpgsql immutable as $$
begin
  return (l.nonce is not null or l.challenge is not null) and (l.identified_by is null or l.identified_by = 'franceconnect') and case l.state
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

-- A link to sign in by e-mail: for the browser that asked, five minutes, once. The secret exists only in the mail. A row is
-- made for an unknown address too (without person), so that both cost the same.
create table maillink (
  id uuid primary key,
  session_id bytea not null,
  person_id uuid references person,
  token_hash bytea unique check (octet_length(token_hash) = 32),
  created_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > created_at)
);
create index maillink_expiry on maillink (expires_at);

-- How much of an allowance was used up (GCRA): key is a SHA-256 of what it is about, tat the theoretical arrival time.
create table throttle (
  key bytea primary key check (octet_length(key) = 32),
  tat timestamptz not null
);
create index throttle_tat on throttle (tat);

-- Messages to professionals: one row for each, made in the act that causes it; about tells two from one. What is sent is
-- written when it is sent: no text, no link and no address waits here.
create table notify_message (
  id uuid primary key,
  kind text not null check (kind ~ '^[a-z_]{1,40}$'),
  channel text not null default 'mail' check (channel in ('mail', 'sms')),
  about text not null check (char_length(about) between 1 and 200),
  person_id uuid,
  invitation_id uuid,
  state text not null default 'queued' check (state in ('queued', 'sent', 'dropped', 'failed')),
  created_at timestamptz not null,
  ended_at timestamptz,
  unique (kind, about),
  check (num_nonnulls(person_id, invitation_id) = 1),
  check ((state = 'queued') = (ended_at is null))
);
create index notify_message_created on notify_message (created_at);

-- Who follows up whose mandates in an organisation, since somebody left.
create table mandate_handover (
  organisation_id uuid not null,
  from_person uuid not null,
  to_person uuid not null check (to_person <> from_person),
  at timestamptz not null,
  primary key (organisation_id, from_person)
);
alter table mandate_handover enable row level security;
create policy scope on mandate_handover to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy audit on mandate_handover for select to mandat_auditor using (true);
create constraint trigger journaled after insert or update on mandate_handover deferrable initially deferred
  for each row execute function journaled('from', 'from_person', 'mandate.handed_over');

grant select, insert, update, delete on session_device, session_presence, maillink, throttle to mandat_app;
grant select, insert, update, delete on notify_message to mandat_app;
grant select, insert, update on mandate_handover to mandat_app;
grant select on mandate_handover to mandat_auditor;
