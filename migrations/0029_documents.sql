-- +goose Up

-- A mandate has documents of several kinds, each in two sizes of print and two languages. Of accounts of what was done there can be several
-- in time: each that says something new is an edition. What was kept before is an attestation in normal print.
alter table attestation
  add column kind text not null default 'attestation' check (kind in ('attestation', 'end', 'report')),
  add column size text not null default 'normal' check (size in ('normal', 'large')),
  add column edition int not null default 1 check (edition >= 1 and (edition = 1 or kind = 'report')),
  drop constraint attestation_pkey,
  add primary key (mandate_id, kind, size, lang, edition);
grant select (kind, size, edition) on attestation to mandat_auditor;

-- The control word printed on the attestations of a mandate: who has it learns from the public address what the paper says. It is kept
-- sealed under the citizen's data key for the next paper, and compared by an HMAC under the token of the address, which stands nowhere in
-- clear: of 32 bits, a plain hash would be no secret. Mandates whose papers were all printed before have none.
create table attestation_word (
  mandate_id uuid primary key references attestation_status (mandate_id),
  organisation_id uuid not null,
  word bytea not null check (get_byte(word, 0) = 1),
  mac bytea not null check (octet_length(mac) = 32),
  created_at timestamptz not null
);
alter table attestation_word enable row level security;
create policy scope on attestation_word to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
grant select, insert on attestation_word to mandat_app;
create policy audit on attestation_word for select to mandat_auditor using (true);
grant select (mandate_id, organisation_id, created_at) on attestation_word to mandat_auditor;

-- +goose StatementBegin
create or replace function attestation_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
  if not exists (select from journal_entry e join mandate m on m.id = e.mandate_id and m.organisation_id = e.organisation_id and m.citizen_id = e.citizen_id
      where e.xid = pg_current_xact_id() and e.action = 'attestation.issued' and e.mandate_id = new.mandate_id and e.organisation_id = new.organisation_id
      and e.body::jsonb -> 'detail' ->> 'lang' = new.lang and e.body::jsonb -> 'detail' ->> 'sha256' = encode(new.sha256, 'hex')
      and coalesce(e.body::jsonb -> 'detail' ->> 'kind', 'attestation') = new.kind and coalesce(e.body::jsonb -> 'detail' ->> 'size', 'normal') = new.size
      and coalesce((e.body::jsonb -> 'detail' ->> 'edition')::int, 1) = new.edition) then
    raise exception 'attestation of mandate % kept without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function attestation_word_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
  if not exists (select from journal_entry e join mandate m on m.id = e.mandate_id and m.organisation_id = e.organisation_id
      where e.xid = pg_current_xact_id() and e.action = 'attestation.issued' and e.mandate_id = new.mandate_id and e.organisation_id = new.organisation_id
      and e.body::jsonb -> 'detail' ->> 'kind' = 'attestation') then
    raise exception 'control word of mandate % made without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger attestation_word_journaled after insert or update on attestation_word deferrable initially deferred for each row execute function attestation_word_journaled();
