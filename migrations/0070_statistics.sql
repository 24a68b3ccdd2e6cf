-- +goose Up

-- How many acts were done (internal/statistics, docs/decisions/0040): by organisation, procedure and action, for each day and each month in Paris. A follower counts what stands in the
-- tree; acts write nothing here. Nothing in it is about a person. The nil organisation is all of them together; the procedure '' is each act once, whichever procedures it names.
create table statistics_day (
  organisation_id uuid not null,
  day date not null,
  procedure text not null check (char_length(procedure) <= 100),
  action text not null check (char_length(action) between 3 and 60),
  acts bigint not null check (acts > 0),
  primary key (organisation_id, day, procedure, action)
);
create table statistics_month (
  organisation_id uuid not null,
  month date not null check (extract(day from month) = 1),
  procedure text not null check (char_length(procedure) <= 100),
  action text not null check (char_length(action) between 3 and 60),
  acts bigint not null check (acts > 0),
  primary key (organisation_id, month, procedure, action)
);
create index statistics_day_procedure on statistics_day (procedure, day) include (organisation_id, action, acts);
create index statistics_month_procedure on statistics_month (procedure, month) include (organisation_id, action, acts);

-- How far the log was counted: the next index.
create table statistics_follow (
  one boolean primary key default true check (one),
  next bigint not null default 0 check (next >= 0)
);
insert into statistics_follow default values;

-- What was published of a month, for ever: an edition and its lines. What is too small to be published, or would give that away, has no line.
create table statistics_edition (
  month date primary key check (extract(day from month) = 1),
  published_at timestamptz not null,
  lines int not null check (lines >= 0),
  sha256 bytea not null check (octet_length(sha256) = 32), -- of its lines
  xid xid8 not null default pg_current_xact_id()
);
create table statistics_line (
  month date not null references statistics_edition,
  action text not null check (char_length(action) between 3 and 60),
  department text not null check (department ~ '^([0-9AB]{2,3}|total)$'),
  theme text not null check (theme ~ '^[a-z_]{1,40}$'),
  acts bigint not null constraint statistics_line_least check (acts >= 10),
  primary key (month, action, department, theme)
);
-- A month's lines come with its edition, and none later.
-- +goose StatementBegin
create function statistics_published() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from fresh f join statistics_edition e using (month) where e.xid <> pg_current_xact_id()) then
    raise exception 'a month that was published does not change' using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create trigger statistics_line_published after insert on statistics_line referencing new table as fresh for each statement execute function statistics_published();
create constraint trigger statistics_edition_journaled after insert on statistics_edition deferrable initially deferred for each row execute function journaled('month', 'month', 'statistics.published');

alter table statistics_day enable row level security;
alter table statistics_month enable row level security;
alter table statistics_follow enable row level security;
create policy scope on statistics_day to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy scope on statistics_month to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy scope on statistics_follow to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy audit on statistics_day for select to mandat_auditor using (true);
create policy audit on statistics_month for select to mandat_auditor using (true);
grant select, insert, update (acts) on statistics_day, statistics_month to mandat_app;
grant select, update (next) on statistics_follow to mandat_app;
grant select on statistics_edition, statistics_line to mandat_app, mandat_auditor;
grant insert (month, published_at, lines, sha256) on statistics_edition to mandat_app;
grant insert on statistics_line to mandat_app;
grant select on statistics_day, statistics_month to mandat_auditor;
