-- +goose Up

-- A key is asked to sign terms. What is kept is the nonce: the terms are told when the answer is there.
alter table credential_challenge drop constraint credential_challenge_purpose_check;
alter table credential_challenge
  add constraint credential_challenge_purpose_check check (purpose in ('enrol', 'sign_in', 'step_up', 'sign')),
  add constraint credential_challenge_sign check (purpose <> 'sign' or person_id is not null and octet_length(data) = 32);

-- What shows later what was told and signed (internal/evidence): the exact bytes of the file, sealed under the citizen's data key. The first byte is the
-- version of the envelope: a file in clear would begin with '{'.
create table mandate_evidence (
  mandate_id uuid primary key references mandate,
  organisation_id uuid not null,
  sealed bytea not null check (get_byte(sealed, 0) = 1),
  sha256 bytea not null check (octet_length(sha256) = 32), -- of the bytes in clear; stands in the entry
  created_at timestamptz not null
);
alter table mandate_evidence alter column sealed set storage external; -- sealed bytes do not compress: do not try

alter table mandate_evidence enable row level security;
create policy scope on mandate_evidence to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');

-- Evidence is never changed: no UPDATE.
grant select, insert on mandate_evidence to mandat_app;

-- The comparison with the journal sees of which file there is evidence, not what it says.
create policy audit on mandate_evidence for select to mandat_auditor using (true);
grant select (mandate_id, organisation_id, sha256, created_at) on mandate_evidence to mandat_auditor;

-- +goose StatementBegin
create function mandate_evidence_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, mandate_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where mandate_id = new.mandate_id and organisation_id = new.organisation_id and action = 'mandate.signed'
      and body::jsonb -> 'detail' ->> 'evidence_sha256' = encode(new.sha256, 'hex')) then
    raise exception 'evidence of mandate % kept without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger mandate_evidence_journaled after insert or update on mandate_evidence deferrable initially deferred for each row execute function mandate_evidence_journaled();
