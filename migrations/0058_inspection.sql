-- +goose Up

-- One row: when the whole journal was last verified, as a stranger would do it, and what came of it (internal/journal/inspection). It is for the alarm,
-- and proves nothing. A fault names the entry by its index in the log, and nobody.
create table journal_inspection (
  one boolean primary key default true check (one),
  at timestamptz not null,
  took interval not null,
  size bigint not null check (size >= 0),
  entries bigint not null check (entries >= 0),
  forgotten bigint not null check (forgotten >= 0),
  checkpoints bigint not null check (checkpoints >= 0),
  fault text check (octet_length(fault) between 1 and 2000),
  whole_at timestamptz -- when it was last found whole; null: never
);
alter table journal_inspection enable row level security;
create policy scope on journal_inspection to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
grant select, insert, update on journal_inspection to mandat_app;

-- Auditors see what the servers found when they looked by themselves.
create policy audit on journal_inspection for select to mandat_auditor using (true);
grant select on journal_inspection, comparison to mandat_auditor;
