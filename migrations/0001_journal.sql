-- +goose Up

-- The journal's outbox: one row for each act, written by the transaction that did it. See docs/journal.md.
create sequence journal_entry_id;

create table journal_entry (
  id bigint primary key default nextval('journal_entry_id'),
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null,
  action text not null check (action ~ '^[a-z]+\.[a-z_]+$'),
  organisation_id uuid,
  person_id uuid,
  citizen_id uuid,
  mandate_id uuid,
  salt bytea not null check (octet_length(salt) = 32),
  body text not null check (octet_length(body) <= 65000)
);
-- One index for two needs: the integrator's next entries, and the triggers that look for this transaction's entry.
create index journal_entry_xid on journal_entry (xid, id);
create index journal_entry_organisation on journal_entry (organisation_id, id) where organisation_id is not null;
create index journal_entry_citizen on journal_entry (citizen_id, id) where citizen_id is not null;
create index journal_entry_mandate on journal_entry (mandate_id, id) where mandate_id is not null;

-- +goose StatementBegin
create function journal_refuse() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  raise exception 'the journal is never changed: % on %', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end $$;
-- +goose StatementEnd
create trigger journal_entry_kept before update or delete on journal_entry for each row execute function journal_refuse();
create trigger journal_entry_not_truncated before truncate on journal_entry for each statement execute function journal_refuse();

alter table journal_entry enable row level security;
create policy scope_read on journal_entry for select to mandat_app using (
  organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope_write on journal_entry for insert to mandat_app with check (true);
create policy audit on journal_entry for select to mandat_auditor using (true);
grant select, insert on journal_entry to mandat_app;
grant usage on sequence journal_entry_id to mandat_app;
grant select on journal_entry to mandat_auditor;
