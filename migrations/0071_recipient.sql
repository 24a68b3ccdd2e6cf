-- +goose Up

-- Recipients (internal/recipient, docs/decisions/0041): people outside the organisations who see their part of what was done, and no more. A prefecture's are of one department.
alter table person
  add column recipient text check (recipient in ('fraud', 'prefecture')),
  add column department_code text check (department_code ~ '^([0-9]{2}|2A|2B|9[78][0-9])$'),
  add constraint person_recipient check ((recipient is not distinct from 'prefecture') = (department_code is not null) and (recipient is null or not auditor and not administrator));
grant select (recipient, department_code) on person to mandat_auditor;
alter table session drop constraint session_role, add constraint session_role check (role in ('aidant', 'referent', 'auditor', 'administrator', 'fraud', 'prefecture'));

-- What a recipient reads, they read through these functions alone, by the program's login. Each asks mandat.recipient, which the reading transaction sets from the row of the
-- person who reads (recipient.scope): 'fraud', 'prefecture 75', or nothing. No argument widens it, and what a function does not return is not there to be shown.

-- The department of an organisation: the one that is known, else that of its municipality. Without either it is in none.
create function organisation_department(known text, insee text) returns text language sql immutable set search_path = pg_catalog, public, pg_temp as $$
  select coalesce(known, case when insee ~ '^9[78]' then left(insee, 3) else left(insee, 2) end)
$$;
create function recipient_department() returns text language sql stable set search_path = pg_catalog, public, pg_temp as $$
  select case when current_setting('mandat.recipient', true) like 'prefecture %' then substr(current_setting('mandat.recipient', true), 12) end
$$;

-- +goose StatementBegin
-- A number from which on every entry of a time or later stands; some earlier ones may, too. Numbers grow with time but for the seconds that acts take: an hour is more than enough.
create function recipient_from(t timestamptz) returns bigint language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare
  low bigint := 0;
  high bigint := coalesce((select e.id from journal_entry e order by e.id desc limit 1), 0) + 1;
  middle bigint;
  there record;
begin
  while low < high loop
    middle := low + (high - low) / 2;
    select e.id, e.at into there from journal_entry e where e.id >= middle and e.id < high order by e.id limit 1;
    if not found then
      high := middle;
    elsif there.at < t - interval '1 hour' then
      low := there.id + 1;
    else
      high := middle;
    end if;
  end loop;
  return low;
end $$;
-- What FranceConnect's fraud team sees of an entry's action: what became of a login by one of FranceConnect's clients, and that a mandate, or a power, ended by which there was one.
create function recipient_fraud_sees(clients text[], action text, body text, mandate uuid) returns boolean language sql stable set search_path = pg_catalog, public, pg_temp as $$
  select case
    when action in ('power.used', 'power.refused', 'power.abandoned') then coalesce(body::jsonb -> 'detail' ->> 'client' = any (clients), false)
    when action in ('mandate.ended', 'power.ended') then exists (select from journal_entry u where u.mandate_id = mandate and u.action = 'power.used' and u.body::jsonb -> 'detail' ->> 'client' = any (clients))
    else false end
$$;
-- Those entries, the newest first: of a time, or of one citizen in a time. The organisation by its name, people by ids; neither procedure nor mandate, which tell what somebody needs.
create function recipient_fraud_entries(clients text[], citizen uuid, since timestamptz, until timestamptz, before bigint, most int)
  returns table (id bigint, index bigint, at timestamptz, action text, organisation_id uuid, organisation text, person_id uuid, citizen_id uuid, login text, outcome text)
  language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
declare
  low bigint;
  high bigint;
begin
  if current_setting('mandat.recipient', true) is distinct from 'fraud' then
    return;
  end if;
  low := recipient_from(since);
  high := least(coalesce(before, 9223372036854775807), recipient_from(until + interval '2 hours'));
  return query with
    mine as (
      select e.id, e.at, e.action, e.organisation_id, e.person_id, e.citizen_id, e.body from journal_entry e
        where citizen is not null and e.citizen_id = citizen and e.id >= low and e.id < high and e.at >= since and e.at < until and recipient_fraud_sees(clients, e.action, e.body, e.mandate_id)
      union all
      select x.id, x.at, x.action, x.organisation_id, x.person_id, x.citizen_id, x.body
        from unnest(array['power.used', 'power.refused', 'power.abandoned', 'mandate.ended', 'power.ended']) seen (action) cross join lateral (
          select * from journal_entry e where citizen is null and e.action = seen.action and e.id >= low and e.id < high and e.at >= since and e.at < until
            and recipient_fraud_sees(clients, e.action, e.body, e.mandate_id) order by e.id desc limit most) x)
    select m.id, l.index, m.at, m.action, m.organisation_id, o.name, m.person_id, m.citizen_id, m.body::jsonb -> 'detail' ->> 'login',
        coalesce(m.body::jsonb -> 'detail' ->> 'reason', m.body::jsonb -> 'detail' ->> 'why')
      from mine m left join journal_leaf l on l.entry_id = m.id left join organisation o on o.id = m.organisation_id order by m.id desc limit most;
end $$;
-- How many of these places in the log are entries that the fraud team sees.
create function recipient_fraud_holds(clients text[], places bigint[]) returns bigint language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select count(*) from journal_leaf l join journal_entry e on e.id = l.entry_id
    where current_setting('mandat.recipient', true) = 'fraud' and l.index = any (places) and recipient_fraud_sees(clients, e.action, e.body, e.mandate_id)
$$;
-- The citizen to whom one of FranceConnect's clients was given this sub, in which organisation.
create function recipient_fraud_citizen(sectors text[], given text) returns table (citizen_id uuid, organisation_id uuid) language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select s.citizen_id, s.organisation_id from idp_subject s where current_setting('mandat.recipient', true) = 'fraud' and s.sub = given and s.sector = any (sectors)
$$;
-- What a prefecture sees of the organisations of its department; how many aidants they have, and whose certificates stand, are over, or are suspended.
create function recipient_organisations()
  returns table (public_id uuid, id uuid, siret text, name text, kind text, kind_other text, postcode text, city text, france_services text, habilitation_number text, state text, created_at timestamptz, closed_at timestamptz,
    aidants int, certified int, over int, suspended int)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select o.public_id, o.id, o.siret, o.name, o.kind, coalesce(o.kind_other, ''), o.postcode, o.city, coalesce(o.france_services, ''), coalesce(o.habilitation_number, ''),
      case when o.closed_at is not null then 'closed' when o.active then 'open' else 'suspended' end, o.created_at, o.closed_at, n.aidants, n.certified, n.over, n.suspended
    from organisation o cross join lateral (
      select count(*)::int, (count(*) filter (where k.state = 'certified' and k.certified_until > now()))::int, (count(*) filter (where k.state = 'certified' and k.certified_until <= now()))::int,
          (count(*) filter (where k.state = 'suspended'))::int
        from membership m join person a on a.id = m.person_id left join certification k on k.person_id = m.person_id
        where m.organisation_id = o.id and m.role = 'aidant' and m.ended_at is null and m.suspended_at is null and a.suspended_at is null) n (aidants, certified, over, suspended)
    where organisation_department(o.department_code, o.insee_code) = recipient_department() order by o.name, o.id
$$;
-- How much was done there in each month of a time, in Paris; of one organisation, or of all.
create function recipient_acts(one uuid, since timestamptz, until timestamptz) returns table (month date, action text, acts bigint) language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
declare
  low bigint := case when recipient_department() is not null then recipient_from(since) end;
begin
  return query select date_trunc('month', e.at at time zone 'Europe/Paris')::date, e.action, count(*)
    from organisation o join journal_entry e on e.organisation_id = o.id
    where organisation_department(o.department_code, o.insee_code) = recipient_department() and (one is null or o.id = one) and e.id >= low and e.at >= since and e.at < until
      and e.action in ('mandate.signed', 'mandate.ended', 'power.used', 'power.accounted') group by 1, 2 order by 1, 2;
end $$;
-- What auditors found there, once it was decided: how often, and how grave.
create function recipient_findings(one uuid) returns table (organisation_id uuid, gravity text, outcome text, findings bigint, last_at timestamptz) language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select o.id, f.gravity, f.outcome, count(*), max(f.decided_at) from organisation o join inquiry_finding f on f.organisation_id = o.id
    where organisation_department(o.department_code, o.insee_code) = recipient_department() and (one is null or o.id = one) and f.decided_at is not null and f.gravity in ('minor', 'grave')
    group by 1, 2, 3 order by 1, 2, 3
$$;
-- +goose StatementEnd
revoke all on function recipient_from(timestamptz), recipient_fraud_sees(text[], text, text, uuid), recipient_fraud_entries(text[], uuid, timestamptz, timestamptz, bigint, int),
  recipient_fraud_holds(text[], bigint[]), recipient_fraud_citizen(text[], text), recipient_organisations(), recipient_acts(uuid, timestamptz, timestamptz), recipient_findings(uuid) from public;
grant execute on function recipient_fraud_entries(text[], uuid, timestamptz, timestamptz, bigint, int), recipient_fraud_holds(text[], bigint[]), recipient_fraud_citizen(text[], text), recipient_organisations(),
  recipient_acts(uuid, timestamptz, timestamptz), recipient_findings(uuid) to mandat_app;

-- What the fraud team tells auditors: places in the log, and why. Auditors take it into a case or close it, and the team sees which.
create table recipient_signal (
  id uuid primary key,
  kind text not null check (kind in ('denied', 'impossible', 'many', 'other')),
  entries bigint[] not null check (cardinality(entries) between 1 and 20 and array_position(entries, null) is null),
  data_key bytea,
  words bytea check (octet_length(words) <= 5000), -- null: forgotten, a year after it was closed or with a citizen
  words_sha256 bytea not null check (octet_length(words_sha256) = 32), -- of the sealed words
  state text not null check (state in ('raised', 'in_case', 'closed')),
  raised_by uuid not null references person,
  raised_at timestamptz not null,
  case_id uuid references inquiry,
  taken_by uuid references person,
  taken_at timestamptz check (taken_at >= raised_at),
  outcome text check (outcome in ('acted', 'explained', 'unfounded')),
  closed_by uuid references person,
  closed_at timestamptz check (closed_at >= coalesce(taken_at, raised_at)),
  check (num_nonnulls(case_id, taken_by, taken_at) in (0, 3) and (state <> 'in_case' or case_id is not null) and (state <> 'raised' or case_id is null)),
  check (num_nonnulls(outcome, closed_by, closed_at) = case when state = 'closed' then 3 else 0 end),
  check ((data_key is null) = (words is null))
);
create index recipient_signal_raised on recipient_signal (raised_at desc, id);
create index recipient_signal_words on recipient_signal (closed_at) where words is not null;
-- +goose StatementBegin
create function recipient_signal_goes() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (old.state, new.state) not in (('raised', 'in_case'), ('raised', 'closed'), ('in_case', 'closed'))
      or old.case_id is not null and (new.case_id, new.taken_by, new.taken_at) is distinct from (old.case_id, old.taken_by, old.taken_at) then
    raise exception 'signal % does not go from % to %', old.id, old.state, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger recipient_signal_goes before update on recipient_signal for each row
  when ((old.state, old.case_id, old.taken_by, old.taken_at, old.outcome, old.closed_by, old.closed_at) is distinct from (new.state, new.case_id, new.taken_by, new.taken_at, new.outcome, new.closed_by, new.closed_at))
  execute function recipient_signal_goes();
create constraint trigger recipient_signal_raised_journaled after insert on recipient_signal deferrable initially deferred for each row execute function journaled('signal', 'id', 'signal.raised');
create constraint trigger recipient_signal_taken_journaled after update on recipient_signal deferrable initially deferred for each row
  when (old.state <> 'in_case' and new.state = 'in_case') execute function journaled('signal', 'id', 'signal.taken');
create constraint trigger recipient_signal_closed_journaled after update on recipient_signal deferrable initially deferred for each row
  when (old.state <> 'closed' and new.state = 'closed') execute function journaled('signal', 'id', 'signal.closed');
create trigger data_key_stands after insert or update of data_key on recipient_signal for each row when (new.data_key is not null) execute function data_key_stands();
alter table recipient_signal enable row level security;
create policy scope on recipient_signal to mandat_app using ((select current_setting('mandat.system', true)) = 'on' or (select current_setting('mandat.recipient', true)) = 'fraud');
create policy audit on recipient_signal for select to mandat_auditor using (true);
grant select on recipient_signal to mandat_app;
grant insert (id, kind, entries, data_key, words, words_sha256, state, raised_by, raised_at) on recipient_signal to mandat_app;
grant update (state, case_id, taken_by, taken_at, outcome, closed_by, closed_at, data_key, words) on recipient_signal to mandat_app;
grant select (id, kind, entries, words_sha256, state, raised_by, raised_at, case_id, taken_by, taken_at, outcome, closed_by, closed_at) on recipient_signal to mandat_auditor;
insert into retention_policy (key, unit, least, most, amount) values ('signal_words', 'day', 365, 365, 365);
