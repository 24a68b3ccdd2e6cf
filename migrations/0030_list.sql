-- +goose Up

-- An organisation's list counts its tabs and looks through them without reading the mandates themselves.
drop index mandate_organisation;
create index mandate_organisation on mandate (organisation_id, signed_at desc) include (id, ends_at, state, person_id, citizen_id);

-- The list filtered by procedure finds ended powers by it as it finds standing ones; nothing is written here when a mandate is signed.
create index mandate_power_ended on mandate_power (organisation_id, procedure) include (mandate_id) where state = 'ended';

-- The mandates of whose end the person who follows them up was told. A row stays: nobody is told twice. It is no audited table, as mails are not.
create table mandate_end_told (
  mandate_id uuid primary key references mandate on delete cascade,
  organisation_id uuid not null,
  person_id uuid not null,
  told_at timestamptz not null
);
create index mandate_end_told_person on mandate_end_told (organisation_id, person_id, told_at);
alter table mandate_end_told enable row level security;
create policy scope on mandate_end_told to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
grant select, insert on mandate_end_told to mandat_app;
