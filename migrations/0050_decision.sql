-- +goose Up

-- What the decision API has answered, so that each answer is one entry a day and not one a call; what it refused is told to the aidant from here. Kept a month.
create table decision_answer (
  client varchar(128) not null,
  organisation_id uuid not null,
  person_id uuid not null,
  citizen_id uuid not null,
  procedure varchar(64) not null, -- key of the catalogue, '' for one that it has not
  case_ref text not null check (case_ref ~ '^([0-9a-f]{32})?$'),
  level text not null check (level in ('see', 'act', 'sign', 'pay')), -- as asked
  day date not null, -- in Paris
  reason text not null check (reason in ('', 'not_served', 'organisation_inactive', 'aidant_inactive', 'not_allowed', 'no_power', 'case', 'scheduled', 'expired', 'ended', 'level', 'identity')), -- '' is yes
  mandate_id uuid not null, -- the nil uuid for none
  answered_at timestamptz not null,
  check (reason <> '' or mandate_id <> '00000000-0000-0000-0000-000000000000'),
  primary key (person_id, citizen_id, client, procedure, level, day, organisation_id, case_ref, reason, mandate_id)
);
create index decision_answer_refused on decision_answer (organisation_id, person_id, answered_at) where reason <> '';
create index decision_answer_day on decision_answer (day);

alter table decision_answer enable row level security;
create policy scope on decision_answer to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), '')::uuid) or (select current_setting('mandat.system', true) = 'on'));
grant select, insert, delete on decision_answer to mandat_app;

-- +goose StatementBegin
create function decision_answer_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  -- "offset 0": see 0002_organisation.sql.
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action = case new.reason when '' then 'decision.given' else 'decision.refused' end and organisation_id = new.organisation_id and citizen_id = new.citizen_id
      and coalesce(mandate_id, '00000000-0000-0000-0000-000000000000') = new.mandate_id and detail ->> 'client' = new.client and detail ->> 'person' = new.person_id::text
      and detail ->> 'level' = new.level and coalesce(detail ->> 'procedure', '') = new.procedure and coalesce(detail ->> 'case', '') = new.case_ref and coalesce(detail ->> 'reason', '') = new.reason) then
    raise exception 'a decision about % without its entry', new.person_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger decision_answer_journaled after insert on decision_answer deferrable initially deferred for each row execute function decision_answer_journaled();

-- What was refused to one person lately: few entries of many.
create index journal_entry_refused on journal_entry (person_id, id) where action = 'power.refused';
