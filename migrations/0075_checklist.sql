-- +goose Up

-- That a referent checked what the charter has them check (internal/recipient/checklist.go): when, and how many of each there were to look at. Rows are only added.
create table recipient_checklist (
  id uuid primary key,
  organisation_id uuid not null references organisation,
  checked_by uuid not null references person,
  checked_at timestamptz not null,
  due_on date not null, -- when it is to be done again
  counts jsonb not null check (jsonb_typeof(counts) = 'object' and octet_length(counts::text) <= 500),
  check (due_on > (checked_at at time zone 'UTC')::date)
);
create index recipient_checklist_last on recipient_checklist (organisation_id, checked_at desc);
create constraint trigger recipient_checklist_journaled after insert on recipient_checklist deferrable initially deferred for each row execute function journaled('checklist', 'id', 'checklist.done');
alter table recipient_checklist enable row level security;
create policy scope on recipient_checklist to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy audit on recipient_checklist for select to mandat_auditor using (true);
grant select, insert on recipient_checklist to mandat_app;
grant select on recipient_checklist to mandat_auditor;
