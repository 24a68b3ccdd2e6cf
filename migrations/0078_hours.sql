-- +goose Up

-- When an organisation is open (internal/opening, docs/decisions/0045): what its referents or administrators said, for days from one on. Rows are only added. Without one, or since one
-- without hours, it has those of the rule odd_hours.
-- +goose StatementBegin
create function organisation_hours_fit(hours text) returns boolean language sql immutable set search_path = pg_catalog, public, pg_temp as $$
  select hours ~ '^(([0-9]{2}:[0-5][0-9]-[0-9]{2}:[0-5][0-9]|-) ){7}[=-]$' and hours ~ ':' and not exists (
    select from regexp_matches(hours, '([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})', 'g') m, lateral (select m[1]::int * 60 + m[2]::int, m[3]::int * 60 + m[4]::int) d (opens, closes)
    where opens >= 1440 or closes <= opens or closes > opens + 1440)
$$;
-- +goose StatementEnd
create table organisation_hours (
  organisation_id uuid not null references organisation,
  version int not null check (version > 0),
  from_day date not null,
  hours text check (organisation_hours_fit(hours)), -- null: the rule's again
  changed_by uuid references person,                -- null: the program
  changed_at timestamptz not null,
  primary key (organisation_id, version)
);
-- A version follows the one before, begins on a day that is not over anywhere, and its entry says what it says.
-- +goose StatementBegin
create function organisation_hours_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from (select at, action, organisation_id, person_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action = 'organisation.hours_changed' and at = new.changed_at and organisation_id = new.organisation_id and person_id is not distinct from new.changed_by and (detail ->> 'version')::int = new.version
        and detail ->> 'from' = new.from_day::text and detail ->> 'hours' is not distinct from new.hours)
      or new.version > 1 and not exists (select from organisation_hours h where h.organisation_id = new.organisation_id and h.version = new.version - 1 and h.from_day <= new.from_day)
      or new.from_day <= (new.changed_at at time zone 'Pacific/Tahiti')::date then
    raise exception 'the hours of % changed without their entry, or for days that are over', new.organisation_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger organisation_hours_journaled after insert on organisation_hours deferrable initially deferred for each row execute function organisation_hours_journaled();
alter table organisation_hours enable row level security;
create policy scope on organisation_hours to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy audit on organisation_hours for select to mandat_auditor using (true);
grant select, insert on organisation_hours to mandat_app;
grant select on organisation_hours to mandat_auditor;

-- The rule says of Saturdays, Sundays and public holidays whether they are days of work: 1, or 0. What it did until now is what 1, 0 and 0 say. Public holidays are reckoned.
-- +goose StatementBegin
create or replace function anomaly_bounds() returns table (rule text, name text, lowest int, highest int) language sql immutable set search_path = pg_catalog, public, pg_temp as $$
  values ('odd_hours', 'opens', 0, 12), ('odd_hours', 'closes', 12, 24), ('odd_hours', 'saturday', 0, 1), ('odd_hours', 'sunday', 0, 1), ('odd_hours', 'holidays', 0, 1), ('odd_hours', 'acts', 2, 100),
    ('burst', 'acts', 5, 500), ('burst', 'minutes', 1, 120),
    ('soon_used', 'minutes', 1, 120), ('soon_used', 'mandates', 2, 50),
    ('shared_phone', 'citizens', 2, 50),
    ('far_from_peers', 'acts', 2, 1000), ('far_from_peers', 'peers', 5, 1000), ('far_from_peers', 'times', 2, 50),
    ('refused_steps', 'refusals', 2, 100), ('refused_steps', 'minutes', 5, 1440),
    ('same_device', 'mandates', 2, 100)
$$;
-- +goose StatementEnd
update anomaly_rule set thresholds = thresholds || '{"saturday": 1, "sunday": 0, "holidays": 0}' where key = 'odd_hours';
update anomaly_trial set thresholds = thresholds || '{"saturday": 1, "sunday": 0, "holidays": 0}' where rule = 'odd_hours';
drop table anomaly_holiday;
