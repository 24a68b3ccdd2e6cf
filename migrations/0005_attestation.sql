-- +goose Up

-- The public address of a mandate, printed in the QR code of each of its documents. There is one for a mandate, whatever
-- the languages: nobody should hold two papers of one mandate whose codes differ. Looked up by the SHA-256 of the token;
-- the token itself is kept for the next document only, sealed under the citizen's data key (internal/envelope).
create table attestation_status (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  mandate_id uuid not null unique references mandate,
  organisation_id uuid not null,
  token bytea not null check (get_byte(token, 0) = 1),
  created_at timestamptz not null
);

-- The documents handed over: the exact bytes, and the words in them, sealed under the citizen's data key. The first byte is
-- the version of the envelope: a document in clear would begin with '%', words in clear with '['.
create table attestation (
  mandate_id uuid not null references attestation_status (mandate_id),
  lang text not null check (lang in ('fr', 'en')),
  organisation_id uuid not null,
  document bytea not null check (get_byte(document, 0) = 1),
  words bytea not null check (get_byte(words, 0) = 1),
  sha256 bytea not null check (octet_length(sha256) = 32), -- of the bytes in clear; stands in the entry
  template text not null,
  issued_at timestamptz not null,
  issued_by uuid not null,
  primary key (mandate_id, lang)
);
alter table attestation alter column document set storage external; -- sealed bytes do not compress: do not try

alter table attestation_status enable row level security;
alter table attestation enable row level security;
create policy scope on attestation_status to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope on attestation to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');

-- What was handed over is never changed: no UPDATE.
grant select, insert on attestation_status, attestation to mandat_app;

-- The comparison with the journal sees who handed over what and when, not what it says and not its address.
create policy audit on attestation_status for select to mandat_auditor using (true);
create policy audit on attestation for select to mandat_auditor using (true);
grant select (mandate_id, organisation_id, created_at) on attestation_status to mandat_auditor;
grant select (mandate_id, lang, organisation_id, sha256, template, issued_at, issued_by) on attestation to mandat_auditor;

-- One row: when the tables were last compared with the journal, and how much differed. It is for the alarm, not for proof.
create table comparison (
  one boolean primary key default true check (one),
  at timestamptz not null,
  differences int not null check (differences >= 0)
);
grant select, insert, update on comparison to mandat_app;

-- +goose StatementBegin
create function attestation_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
  if not exists (select from journal_entry e join mandate m on m.id = e.mandate_id and m.organisation_id = e.organisation_id and m.citizen_id = e.citizen_id
      where e.xid = pg_current_xact_id() and e.action = 'attestation.issued' and e.mandate_id = new.mandate_id and e.organisation_id = new.organisation_id
      and e.body::jsonb -> 'detail' ->> 'lang' = new.lang and e.body::jsonb -> 'detail' ->> 'sha256' = encode(new.sha256, 'hex')) then
    raise exception 'attestation of mandate % kept without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function attestation_status_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
  if not exists (select from journal_entry e join mandate m on m.id = e.mandate_id and m.organisation_id = e.organisation_id
      where e.xid = pg_current_xact_id() and e.action = 'attestation.issued' and e.mandate_id = new.mandate_id and e.organisation_id = new.organisation_id) then
    raise exception 'public address of mandate % made without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger attestation_journaled after insert or update on attestation deferrable initially deferred for each row execute function attestation_journaled();
create constraint trigger attestation_status_journaled after insert or update on attestation_status deferrable initially deferred for each row execute function attestation_status_journaled();
