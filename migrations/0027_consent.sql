-- +goose Up

-- A citizen's telephone number as one organisation knows it: asked (a code is on its way, or a colleague has to allow it first), verified, removed.
-- number and reason are sealed under the citizen's data key (internal/envelope); number_index is a keyed hash of the number, keyed per organisation.
-- barred says why a second colleague had to give a reason: the number is a professional's, or serves another citizen.
create table phone (
  id uuid primary key,
  organisation_id uuid not null,
  citizen_id uuid not null references citizen,
  state text not null check (state in ('asked', 'verified', 'removed')),
  number bytea check (get_byte(number, 0) = 1),
  number_index bytea check (octet_length(number_index) = 32),
  barred text check (barred in ('staff', 'other')),
  asked_at timestamptz not null,
  asked_by uuid not null references person,
  message_id uuid unique, -- of the message with the code, which is derived from it: nothing of the code is stored
  expires_at timestamptz, -- of the code
  tries int not null default 0 check (tries between 0 and 5),
  sent_at timestamptz,
  failed_at timestamptz,  -- the message was refused or not delivered
  colleague_id uuid references person,
  allowed_at timestamptz,
  reason bytea check (get_byte(reason, 0) = 1),
  verified_at timestamptz check (verified_at >= asked_at),
  verified_by uuid references person,
  removed_at timestamptz check (removed_at >= asked_at),
  removed_by uuid references person,
  check (num_nulls(number, number_index) = case when state = 'removed' then 2 else 0 end),
  check (num_nulls(removed_at, removed_by) = case when state = 'removed' then 0 else 2 end),
  check (num_nulls(verified_at, verified_by) in (0, 2) and (state <> 'verified' or verified_at is not null) and (state <> 'asked' or verified_at is null)),
  check (num_nulls(message_id, expires_at) in (0, 2)),
  check (num_nulls(colleague_id, allowed_at, reason) in (0, 3) and colleague_id <> asked_by),
  -- No code is sent, and nothing is verified, before the second colleague has spoken.
  check (barred is null or colleague_id is not null or state = 'removed' or (state = 'asked' and message_id is null))
);
create unique index phone_asked on phone (organisation_id, citizen_id) where state = 'asked';
create unique index phone_verified on phone (organisation_id, citizen_id) where state = 'verified';
create index phone_number on phone (organisation_id, number_index) where state <> 'removed';
create index phone_stale on phone (asked_at) where state = 'asked';

-- Which numbers serve whom in the whole service, without saying whom: hashes keyed by a key outside the database. person_mark is one for each person and
-- number, seat one for each citizen (row) and number: none of the three can be told from a row of another table, and there is no organisation and no time.
create table phone_holder (
  number_index bytea not null check (octet_length(number_index) = 32),
  person_mark bytea not null check (octet_length(person_mark) = 32),
  seat bytea not null check (octet_length(seat) = 32),
  primary key (number_index, seat)
);

-- The professionals whose number this is, verified or not; null for one who is invited. Invitations of other organisations are hidden from who asks.
-- +goose StatementBegin
create function phone_staff(text) returns table (person_id uuid) language sql stable security definer set search_path = pg_catalog, public as $$
  select id from person where phone = $1
  union select person_id from person_contact where kind = 'phone' and value = $1
  union select person_id from invitation where phone = $1 and state in ('proposed', 'open')
$$;
revoke all on function phone_staff(text) from public;
grant execute on function phone_staff(text) to mandat_app;
-- +goose StatementEnd
create index person_phone_number on person (phone) where phone is not null;

-- A request for a citizen's consent by SMS, to the terms of one version of one draft. A yes is used once, by the signature of that version.
create table consent (
  id uuid primary key,
  organisation_id uuid not null,
  citizen_id uuid not null references citizen,
  phone_id uuid not null references phone,
  draft_id uuid not null, -- which may be gone when this is not
  draft_version int not null check (draft_version >= 0),
  digest bytea not null check (octet_length(digest) = 32), -- SHA-256 of the terms
  lang text not null check (lang in ('fr', 'en')),
  state text not null check (state in ('queued', 'sent', 'yes', 'no', 'unclear', 'expired', 'cancelled', 'failed', 'used')),
  asked_at timestamptz not null,
  asked_by uuid not null references person,
  expires_at timestamptz not null check (expires_at > asked_at),
  sent_at timestamptz, -- of the request, after the last part of the recap
  unclear int not null default 0 check (unclear between 0 and 3),
  ignored int not null default 0 check (ignored between 0 and 3),
  answered_at timestamptz check (answered_at >= asked_at and answered_at < expires_at),
  answer bytea check (get_byte(answer, 0) = 1), -- the last that counted
  ended_at timestamptz check (ended_at >= asked_at),
  mandate_id uuid,
  check (num_nulls(answered_at, answer) in (0, 2)),
  check (state not in ('yes', 'no', 'unclear', 'used') or answered_at is not null),
  check (state not in ('queued', 'sent') or (answered_at is null) = (unclear = 0)),
  check (state <> 'unclear' or unclear = 3),
  check ((state in ('expired', 'cancelled', 'failed', 'used')) = (ended_at is not null)),
  check ((state = 'used') = (mandate_id is not null))
);
create unique index consent_live on consent (draft_id) where state in ('queued', 'sent', 'yes');
create index consent_draft on consent (organisation_id, draft_id, asked_at desc);
create index consent_expiry on consent (expires_at) where state in ('queued', 'sent', 'yes');
create index consent_old on consent (asked_at) where state not in ('queued', 'sent', 'yes', 'used');

-- Its messages, in their order, and what became of each. text is sealed under the citizen's data key.
create table consent_message (
  id uuid primary key, -- by which the gateway tells of it
  consent_id uuid not null references consent on delete cascade,
  organisation_id uuid not null,
  seq int not null check (seq between 1 and 40),
  kind text not null check (kind in ('recap', 'request', 'again', 'accepted', 'refused', 'closed', 'late')),
  text bytea not null check (get_byte(text, 0) = 1),
  state text not null check (state in ('queued', 'sent', 'delivered', 'undelivered', 'failed', 'dropped')),
  queued_at timestamptz not null,
  retries int not null default 0, -- how often the gateway did not take it
  sent_at timestamptz,
  reported_at timestamptz,
  unique (consent_id, seq),
  check ((state = 'sent') <= (sent_at is not null))
);

alter table phone enable row level security;
alter table consent enable row level security;
alter table consent_message enable row level security;
create policy scope on phone to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope on consent to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope on consent_message to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
grant select, insert, update, delete on phone, consent, consent_message to mandat_app;
grant select, insert, delete on phone_holder to mandat_app;

-- Auditors see what the comparison needs: who asked what, and what came of it; no number, no text.
create policy audit on phone for select to mandat_auditor using (true);
create policy audit on consent for select to mandat_auditor using (true);
grant select (id, organisation_id, citizen_id, state, barred, asked_at, asked_by, colleague_id, allowed_at, verified_at, verified_by, removed_at, removed_by) on phone to mandat_auditor;
grant select (id, organisation_id, citizen_id, phone_id, draft_id, draft_version, digest, state, asked_at, asked_by, expires_at, unclear, ignored, answered_at, ended_at, mandate_id) on consent to mandat_auditor;

-- +goose StatementBegin
create function phone_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where split_part(action, '.', 1) = 'phone' and organisation_id = new.organisation_id and citizen_id = new.citizen_id
      and new.id::text in (detail ->> 'phone', detail ->> 'replaces')) then
    raise exception 'telephone number % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- The code's own columns (message_id, expires_at, tries, sent_at, failed_at) change outside acts.
create constraint trigger phone_journaled after insert or update of organisation_id, citizen_id, state, number, number_index, barred, asked_at, asked_by, colleague_id, allowed_at, reason,
  verified_at, verified_by, removed_at, removed_by on phone deferrable initially deferred for each row execute function phone_journaled();

-- What ends a request is its own act, another request for the same draft, or the signature that uses the yes.
-- +goose StatementBegin
create function consent_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and citizen_id = new.citizen_id
      and (split_part(action, '.', 1) = 'consent' and detail ->> 'consent' = new.id::text and detail ->> 'draft' = new.draft_id::text
        or new.state = 'cancelled' and action = 'consent.asked' and detail ->> 'replaces' = new.id::text
        or new.state = 'used' and action = 'mandate.signed' and mandate_id = new.mandate_id and detail ->> 'draft' = new.draft_id::text and detail ->> 'consent' = new.id::text)) then
    raise exception 'request for consent % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger consent_made_journaled after insert on consent deferrable initially deferred for each row execute function consent_journaled();
-- That the request left is no act.
create constraint trigger consent_journaled after update of organisation_id, citizen_id, phone_id, draft_id, draft_version, digest, state, asked_at, asked_by, expires_at, unclear, ignored,
  answered_at, answer, ended_at, mandate_id on consent deferrable initially deferred for each row
  when (not (old.state = 'queued' and new.state = 'sent' and old.unclear = new.unclear)) execute function consent_journaled();

-- The callbacks of the SMS gateway that were taken within the last minutes, by their signature: none is taken twice.
create table smsin_seen (
  signature bytea primary key check (octet_length(signature) = 32),
  at timestamptz not null
);
create index smsin_seen_at on smsin_seen (at);
grant select, insert, delete on smsin_seen to mandat_app;
