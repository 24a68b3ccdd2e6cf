-- +goose Up

-- A link for the citizen's own phone: it identifies them with FranceConnect for one draft, on a browser that is not the aidant's, and for the
-- session that asked, which may be gone when the phone comes back. number is shown on both screens for people to compare, and
-- is no secret; live links of one organisation never share one. No secret is kept, only its SHA-256: of the link (token), of what goes to
-- FranceConnect and comes back (attempt, farewell), of the phone's cookie (browser).
create table franceconnect_link (
  id uuid primary key,
  organisation_id uuid not null,
  person_id uuid not null,
  draft_id uuid not null,
  draft_version int not null check (draft_version > 0), -- an identity is for what stood in the draft when the link was made
  session_id bytea not null check (octet_length(session_id) = 32),
  token bytea not null unique check (octet_length(token) = 32),
  number int not null check (number between 100 and 999),
  state text not null default 'made' check (state in ('made', 'opened', 'left', 'answered', 'identified', 'refused', 'expired', 'cancelled')),
  refusal text check (refusal ~ '^[a-z_]{1,40}$'),
  attempt bytea unique check (octet_length(attempt) = 32),
  browser bytea unique check (octet_length(browser) = 32),
  nonce text,
  farewell bytea unique check (octet_length(farewell) = 32),
  created_at timestamptz not null,
  left_at timestamptz check (left_at >= created_at),
  expires_at timestamptz not null check (expires_at > created_at and expires_at <= created_at + interval '20 minutes'),
  ended_at timestamptz check (ended_at >= created_at),
  check (num_nulls(attempt, browser, nonce, left_at) in (0, 4)),
  check (case when state in ('made', 'opened') then left_at is null when state in ('left', 'answered', 'identified') then left_at is not null else true end),
  check ((state = 'refused') = (refusal is not null)),
  check (farewell is null or left_at is not null),
  check ((state in ('identified', 'refused', 'expired', 'cancelled')) = (ended_at is not null))
);
create unique index franceconnect_link_draft on franceconnect_link (draft_id) where state in ('made', 'opened', 'left', 'answered');
create unique index franceconnect_link_number on franceconnect_link (organisation_id, number) where state in ('made', 'opened', 'left', 'answered');
create index franceconnect_link_created on franceconnect_link (created_at);

alter table franceconnect_link enable row level security;
create policy scope on franceconnect_link to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
grant select, insert, update, delete on franceconnect_link to mandat_app;
