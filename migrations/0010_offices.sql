-- +goose Up

-- An organisation begins with the invitation of its first referent, in one act whose entry names both.
drop trigger journaled on invitation;
create constraint trigger journaled after insert or update of state, organisation_id, administrator, roles, email, expires_at on invitation deferrable initially deferred for each row
  execute function journaled('invitation', 'id', 'invitation', 'person', 'organisation.created');

-- Who left for ProConnect to accept an invitation accepts by the link that they were shown: one that was replaced meanwhile opens nothing.
alter table session_attempt
  add column invitation_hash bytea check (octet_length(invitation_hash) = 32),
  add constraint session_attempt_link check (invitation_hash is null or kind = 'invitation');

-- A name at ProConnect of somebody who works for several organisations, or administers, takes two people. The first vouches for it, for an
-- organisation of theirs or (null) as administrator; the second confirms it, and is somebody else. Without one, the operator is the second.
alter table person_identity
  drop constraint person_identity_state_check,
  drop constraint person_identity_check1,
  add column vouched_by uuid references person,
  add column vouched_for uuid references organisation,
  add column vouched_at timestamptz check (vouched_at >= asked_at),
  add constraint person_identity_state check (state in ('asked', 'vouched', 'confirmed', 'refused')),
  add constraint person_identity_decided check ((state in ('asked', 'vouched')) = (decided_at is null)),
  add constraint person_identity_vouched check ((vouched_by is null) = (vouched_at is null) and (vouched_for is null or vouched_by is not null)),
  add constraint person_identity_waits check (case state when 'asked' then vouched_at is null when 'vouched' then vouched_at is not null else true end),
  add constraint person_identity_order check (decided_at >= vouched_at),
  add constraint person_identity_two check (state <> 'confirmed' or decided_by <> vouched_by);

-- For how many organisations somebody works: asked also where row security shows only one of them. It tells no more than that.
-- +goose StatementBegin
create function person_places(uuid) returns bigint language sql stable security definer set search_path = pg_catalog, public as $$
  select count(distinct organisation_id) from membership where person_id = $1 and ended_at is null
$$;
-- +goose StatementEnd
revoke all on function person_places(uuid) from public;
grant execute on function person_places(uuid) to mandat_app;

-- The address that somebody had when another one was asked for, until they were told so there.
create table person_contact_former (
  person_id uuid not null references person,
  at timestamptz not null,
  email text not null,
  primary key (person_id, at)
);
grant select, insert, delete on person_contact_former to mandat_app;
