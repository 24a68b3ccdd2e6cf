-- +goose Up

-- What in the journal an auditor should look at (internal/anomaly, docs/decisions/0039). Rules are data: a change is another version, and the versions of before stay, so
-- that each alert says by which it was found. Which thresholds a rule has, and within which bounds, is said here and by no page.
-- +goose StatementBegin
create function anomaly_bounds() returns table (rule text, name text, lowest int, highest int) language sql immutable set search_path = pg_catalog, public, pg_temp as $$
  values ('odd_hours', 'opens', 0, 12), ('odd_hours', 'closes', 12, 24), ('odd_hours', 'acts', 2, 100),
    ('burst', 'acts', 5, 500), ('burst', 'minutes', 1, 120),
    ('soon_used', 'minutes', 1, 120), ('soon_used', 'mandates', 2, 50),
    ('shared_phone', 'citizens', 2, 50),
    ('far_from_peers', 'acts', 2, 1000), ('far_from_peers', 'peers', 5, 1000), ('far_from_peers', 'times', 2, 50),
    ('refused_steps', 'refusals', 2, 100), ('refused_steps', 'minutes', 5, 1440),
    ('same_device', 'mandates', 2, 100)
$$;
-- A rule has all of its thresholds, no others, and each is a whole number within its bounds.
create function anomaly_fits(key text, thresholds jsonb) returns boolean language plpgsql immutable set search_path = pg_catalog, public, pg_temp as $$
begin
  return jsonb_typeof(thresholds) = 'object' and exists (select from anomaly_bounds() b where b.rule = key)
    and (select count(*) from jsonb_object_keys(thresholds)) = (select count(*) from anomaly_bounds() b where b.rule = key)
    and not exists (select from anomaly_bounds() b where b.rule = key
      and (thresholds ->> b.name is null or thresholds ->> b.name !~ '^[0-9]{1,6}$' or jsonb_typeof(thresholds -> b.name) <> 'number' or (thresholds ->> b.name)::int not between b.lowest and b.highest));
end $$;
-- +goose StatementEnd

create table anomaly_rule (
  key text,
  version int check (version > 0),
  enabled boolean not null,
  thresholds jsonb not null constraint anomaly_rule_bounds check (anomaly_fits(key, thresholds)),
  since timestamptz not null default now(),
  changed_by uuid references person,
  primary key (key, version),
  check ((changed_by is null) = (version = 1))
);
insert into anomaly_rule (key, version, enabled, thresholds) values
  ('odd_hours', 1, true, '{"opens": 7, "closes": 20, "acts": 3}'),
  ('burst', 1, true, '{"acts": 30, "minutes": 10}'),
  ('soon_used', 1, true, '{"minutes": 2, "mandates": 3}'),
  ('shared_phone', 1, true, '{"citizens": 3}'),
  ('far_from_peers', 1, true, '{"acts": 10, "peers": 10, "times": 6}'),
  ('refused_steps', 1, true, '{"refusals": 5, "minutes": 60}'),
  ('same_device', 1, true, '{"mandates": 10}');

-- Public holidays in metropolitan France (Code du travail, L3133-1), of 2024 to 2045.
create table anomaly_holiday (day date primary key);
insert into anomaly_holiday
  select make_date(y, m, d) from generate_series(2024, 2045) y, (values (1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)) fixed (m, d)
  union select sunday + days from unnest(array['2024-03-31', '2025-04-20', '2026-04-05', '2027-03-28', '2028-04-16', '2029-04-01', '2030-04-21', '2031-04-13', '2032-03-28', '2033-04-17', '2034-04-09',
    '2035-03-25', '2036-04-13', '2037-04-05', '2038-04-25', '2039-04-10', '2040-04-01', '2041-04-21', '2042-04-06', '2043-03-29', '2044-04-17', '2045-04-09']::date[]) sunday, unnest(array[1, 39, 50]) days;

-- What was found: by which rule, of whom, on which day (or in the week that begins on it), in which entries of the log. Figures are whole numbers. Nothing of it is about a citizen.
create table anomaly_alert (
  id uuid primary key,
  rule text not null,
  version int not null,
  organisation_id uuid not null,
  person_id uuid not null references person,
  day date not null,
  entries bigint[] not null check (cardinality(entries) between 1 and 100),
  figures jsonb not null check (jsonb_typeof(figures) = 'object' and octet_length(figures::text) <= 500),
  first_at timestamptz not null,
  last_at timestamptz not null check (last_at >= first_at),
  found_at timestamptz not null,
  state text not null check (state in ('open', 'in_case', 'closed')),
  case_id uuid,
  taken_by uuid references person,
  taken_at timestamptz check (taken_at >= found_at),
  kind text check (kind in ('confirmed', 'justified', 'practice', 'mistaken')),
  closed_by uuid references person,
  closed_at timestamptz check (closed_at >= coalesce(taken_at, found_at)),
  data_key bytea,
  words bytea check (octet_length(words) <= 2000),
  foreign key (rule, version) references anomaly_rule,
  unique (rule, organisation_id, person_id, day),
  check (num_nonnulls(case_id, taken_by, taken_at) in (0, 3) and (state <> 'in_case' or case_id is not null) and (state <> 'open' or case_id is null)),
  check (num_nonnulls(kind, closed_by, closed_at) = case when state = 'closed' then 3 else 0 end),
  check ((data_key is null) = (words is null) and (words is null or state = 'closed'))
);
create index anomaly_alert_found on anomaly_alert (found_at desc, id desc);
create index anomaly_alert_standing on anomaly_alert (found_at desc, id desc) where state <> 'closed';
create index anomaly_alert_day on anomaly_alert (day);
create index anomaly_alert_case on anomaly_alert (case_id) where case_id is not null;
create index anomaly_alert_words on anomaly_alert (closed_at) where words is not null;

-- How far the log was looked through: the next index, and the next week, by its Monday. What was there before this table was is not: a trial looks at it.
create table anomaly_watch (
  one boolean primary key default true check (one),
  next bigint not null check (next >= 0),
  week date not null check (extract(isodow from week) = 1),
  at timestamptz
);
insert into anomaly_watch (next, week) select coalesce((select size from journal_tree), 0), date_trunc('week', now() at time zone 'Europe/Paris')::date;

-- A rule tried on history with other thresholds: how many alerts it would have made. It changes nothing.
create table anomaly_trial (
  id uuid primary key,
  rule text not null,
  thresholds jsonb not null constraint anomaly_trial_bounds check (anomaly_fits(rule, thresholds)),
  from_day date not null,
  to_day date not null check (to_day between from_day and from_day + 91), -- the last day of it
  made_by uuid not null references person,
  made_at timestamptz not null,
  state text not null check (state in ('asked', 'running', 'done', 'failed')),
  done bigint not null default 0 check (done >= 0),    -- entries looked through
  whole bigint check (whole >= done),                  -- of so many
  result jsonb check (octet_length(result::text) <= 2000),
  ended_at timestamptz check (ended_at >= made_at),
  check ((result is not null) = (state = 'done') and (ended_at is not null) = (state in ('done', 'failed')))
);
create unique index anomaly_trial_one on anomaly_trial (made_by) where state in ('asked', 'running');
create index anomaly_trial_made on anomaly_trial (rule, made_at desc);

-- +goose StatementBegin
create function anomaly_goes() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (old.state, new.state) not in (('open', 'in_case'), ('open', 'closed'), ('in_case', 'closed'))
      or old.case_id is not null and (new.case_id, new.taken_by, new.taken_at) is distinct from (old.case_id, old.taken_by, old.taken_at) then
    raise exception 'alert % does not go from % to %', old.id, old.state, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
-- A version of a rule follows the one before, and its entry says what it says.
create function anomaly_rule_changed() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from (select action, person_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action = 'anomaly.rule_changed' and person_id = new.changed_by and detail ->> 'rule' = new.key and (detail ->> 'version')::int = new.version
        and (detail ->> 'enabled')::boolean = new.enabled and detail -> 'thresholds' = new.thresholds)
      or not exists (select from anomaly_rule r where r.key = new.key and r.version = new.version - 1) then
    raise exception 'rule % changed without its entry', new.key using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger anomaly_rule_changed after insert on anomaly_rule deferrable initially deferred for each row execute function anomaly_rule_changed();
create trigger anomaly_goes before update on anomaly_alert for each row
  when ((old.state, old.case_id, old.taken_by, old.taken_at, old.kind, old.closed_by, old.closed_at) is distinct from (new.state, new.case_id, new.taken_by, new.taken_at, new.kind, new.closed_by, new.closed_at))
  execute function anomaly_goes();
create constraint trigger anomaly_found_journaled after insert on anomaly_alert deferrable initially deferred for each row execute function journaled('alert', 'id', 'anomaly.found');
create constraint trigger anomaly_taken_journaled after update on anomaly_alert deferrable initially deferred for each row
  when (old.state <> 'in_case' and new.state = 'in_case') execute function journaled('alert', 'id', 'anomaly.taken');
create constraint trigger anomaly_closed_journaled after update on anomaly_alert deferrable initially deferred for each row
  when (old.state <> 'closed' and new.state = 'closed') execute function journaled('alert', 'id', 'anomaly.closed');
create constraint trigger anomaly_tried_journaled after insert on anomaly_trial deferrable initially deferred for each row execute function journaled('trial', 'id', 'anomaly.tried');
create trigger data_key_stands after insert or update of data_key on anomaly_alert for each row when (new.data_key is not null) execute function data_key_stands();

-- Which telephone numbers of citizens, by their rows, are the same as some, in the same organisation: never the number, nor what is made of it.
-- +goose StatementBegin
create function anomaly_same_number(uuid[]) returns table (phone uuid, same uuid, citizen uuid) language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select a.id, b.id, b.citizen_id from phone a join phone b on b.organisation_id = a.organisation_id and b.number_index = a.number_index and b.state <> 'removed' and b.verified_at is not null
    where a.id = any ($1) and a.state <> 'removed'
$$;
-- +goose StatementEnd
revoke all on function anomaly_same_number(uuid[]) from public;
grant execute on function anomaly_same_number(uuid[]) to mandat_auditor;

alter table anomaly_alert enable row level security;
alter table anomaly_watch enable row level security;
alter table anomaly_trial enable row level security;
create policy scope on anomaly_alert to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy scope on anomaly_watch to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy scope on anomaly_trial to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy audit on anomaly_alert for select to mandat_auditor using (true);
create policy audit on anomaly_watch for select to mandat_auditor using (true);
create policy audit on anomaly_trial for select to mandat_auditor using (true);
grant select on anomaly_rule, anomaly_holiday, anomaly_watch, anomaly_trial to mandat_app, mandat_auditor;
grant insert (key, version, enabled, thresholds, since, changed_by) on anomaly_rule to mandat_app;
grant select on anomaly_alert to mandat_app;
grant insert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state) on anomaly_alert to mandat_app;
grant update (state, case_id, taken_by, taken_at, kind, closed_by, closed_at, data_key, words) on anomaly_alert to mandat_app;
grant select (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state, case_id, taken_by, taken_at, kind, closed_by, closed_at) on anomaly_alert to mandat_auditor;
grant update (next, week, at) on anomaly_watch to mandat_app;
grant insert on anomaly_trial to mandat_app;
grant update (state, done, whole, result, ended_at) on anomaly_trial to mandat_app;
