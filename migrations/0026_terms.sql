-- +goose Up

-- Who a citizen is was told by FranceConnect, or read on a document by an aidant and a second colleague.
alter table citizen drop constraint citizen_identified_by_check;
alter table citizen add constraint citizen_identified_by_check check (identified_by in ('franceconnect', 'witnessed'));

-- A draft says of each procedure what may be done there and for which case, lives a day, and goes from one colleague to another. What is
-- witnessed, asked or signed is bound to its version, which grows with each change of terms or identity.
alter table mandate_draft drop constraint mandate_draft_days_check;
alter table mandate_draft drop constraint mandate_draft_check1;
alter table mandate_draft alter column days drop not null;
alter table mandate_draft
  add column version int not null default 1 check (version > 0),
  add column levels text[],
  add column case_refs text[], -- keyed hashes, '' is every case
  add column cases bytea check (get_byte(cases, 0) = 1), -- the references themselves, sealed like the identity
  add column from_on date,
  add column until_on date,
  add column payments boolean not null default false,
  add column bank_details boolean not null default false,
  add column debt_read boolean not null default false,
  add column tell boolean not null default true,
  add column renews uuid,
  add column identified_by text check (identified_by in ('franceconnect', 'witnessed', 'known')),
  add column witness_id uuid,
  add column witnessed_at timestamptz,
  add column witness_factor_at timestamptz,
  add column signing bytea check (get_byte(signing, 0) = 1); -- what the aidant was asked to sign, sealed like the identity
update mandate_draft set levels = array_fill('act'::text, array[cardinality(procedures)]), case_refs = array_fill(''::text, array[cardinality(procedures)]),
  identified_by = case when identity is not null then 'franceconnect' end;
alter table mandate_draft alter column levels set not null;
alter table mandate_draft alter column case_refs set not null;
alter table mandate_draft
  add constraint mandate_draft_powers check (cardinality(levels) = cardinality(procedures) and cardinality(case_refs) = cardinality(procedures)
    and levels <@ array['see', 'act', 'sign', 'pay']),
  add constraint mandate_draft_period check (num_nonnulls(days, until_on) = 1 and days in (1, 31, 182, 365) is not false and (until_on >= from_on) is not false),
  add constraint mandate_draft_key check (num_nulls(subject_id, data_key) in (0, 2) and (identity is null or data_key is not null)),
  add constraint mandate_draft_identity check (num_nulls(identity, sub_index, identified_at, identified_session, identified_by) in (0, 5)),
  add constraint mandate_draft_witness check (num_nulls(witness_id, witnessed_at, witness_factor_at) in (0, 3) and (witness_id is null or state in ('identified', 'signed') and witness_id <> person_id)),
  add constraint mandate_draft_signing check (signing is null or state = 'identified');
create index mandate_draft_live on mandate_draft (organisation_id, created_at desc) where state in ('open', 'identified');
drop index mandate_draft_person;

alter table mandate drop constraint mandate_state_check;
alter table mandate drop constraint mandate_identified_by_check;
alter table mandate drop constraint mandate_end_reason_check;
alter table mandate alter column days drop not null;
alter table mandate
  add column starts_at timestamptz,
  add column consent_by text not null default 'franceconnect' check (consent_by in ('franceconnect', 'colleague', 'sms')),
  add column witness_id uuid,
  add column signed_with text check (signed_with in ('passkey', 'code')), -- null before there was a difference
  add column renews uuid;
alter table mandate
  add constraint mandate_state_check check (state in ('scheduled', 'standing', 'ended')),
  add constraint mandate_identified_by_check check (identified_by in ('franceconnect', 'witnessed', 'known')),
  add constraint mandate_end_reason_check check (end_reason in ('citizen', 'organisation', 'completed', 'mistake', 'death', 'protection', 'superseded', 'expired', 'transferred')),
  add constraint mandate_starts check (starts_at >= signed_at and ends_at > starts_at),
  add constraint mandate_scheduled check (state <> 'scheduled' or starts_at is not null),
  add constraint mandate_ended check (ended_at <= ends_at),
  -- One proof that the aidant cannot make alone.
  add constraint mandate_proof check (witness_id is distinct from person_id
    and (identified_by <> 'witnessed' or witness_id is not null)
    and (consent_by <> 'colleague' or witness_id is not null)
    and (consent_by <> 'franceconnect' or identified_by = 'franceconnect'));
create index mandate_starting on mandate (starts_at) where state = 'scheduled';

alter table mandate_power drop constraint mandate_power_identified_by_check;
alter table mandate_power drop constraint mandate_power_end_reason_check;
alter table mandate_power add column level text not null default 'act' check (level in ('see', 'act', 'sign', 'pay'));
alter table mandate_power
  add constraint mandate_power_identified_by_check check (identified_by in ('franceconnect', 'witnessed', 'known')),
  add constraint mandate_power_end_reason_check check (end_reason in ('citizen', 'organisation', 'completed', 'mistake', 'death', 'protection', 'superseded', 'expired', 'transferred'));

alter table mandate_power add constraint mandate_power_ended check (ended_at <= ends_at);

grant select (starts_at, consent_by, witness_id, signed_with, renews) on mandate to mandat_auditor;

-- +goose StatementBegin
create or replace function mandate_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.citizen_id and organisation_id = new.organisation_id
      and (action in ('mandate.signed', 'mandate.started') or (action in ('mandate.ended', 'power.ended') and mandate_id = new.id))) then
    raise exception 'mandate % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create or replace function mandate_power_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.citizen_id and organisation_id = new.organisation_id
      and (action in ('mandate.signed', 'mandate.started') or (action in ('mandate.ended', 'power.ended') and mandate_id = new.mandate_id))) then
    raise exception 'power of mandate % changed without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
