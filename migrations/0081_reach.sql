-- +goose Up

-- What the fraud team searches through for one page has a limit (internal/recipient/fraud.go): where a page begins and ends, by numbers of entries, low <= id < high. When more than "most" entries of one
-- of its actions lie between, low is raised until none has more, and reached is when the newest entry below was made: the next page goes on there. Of null there may be as many as there are. Action and number are compared together, or the
-- planner goes through the entries of all actions.
-- +goose StatementBegin
create function recipient_fraud_actions() returns text[] language sql immutable set search_path = pg_catalog, public, pg_temp as $$
  select array['power.used', 'power.refused', 'power.abandoned', 'mandate.ended', 'power.ended']
$$;
create function recipient_fraud_span(since timestamptz, until timestamptz, before bigint, most int) returns table (low bigint, high bigint, reached timestamptz)
  language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
declare
  lowest bigint;
  highest bigint;
  unread bigint;
begin
  if current_setting('mandat.recipient', true) is distinct from 'fraud' then
    return;
  end if;
  lowest := recipient_from(since);
  highest := least(coalesce(before, 9223372036854775807), recipient_from(until + interval '2 hours'));
  if most is not null then
    select max(x.id) into unread from unnest(recipient_fraud_actions()) seen (action) cross join lateral (
      select e.id from journal_entry e where (e.action, e.id) >= (seen.action, lowest) and (e.action, e.id) < (seen.action, highest)
        order by e.action desc, e.id desc offset most limit 1) x;
  end if;
  return query select coalesce(unread + 1, lowest), highest, (select e.at from journal_entry e where e.id = unread);
end $$;

-- The entries of a span that the fraud team sees, as before (0071): of everybody, or of one citizen.
drop function recipient_fraud_entries(text[], uuid, timestamptz, timestamptz, bigint, int);
create function recipient_fraud_entries(clients text[], citizen uuid, since timestamptz, until timestamptz, low bigint, high bigint, most int)
  returns table (id bigint, index bigint, at timestamptz, action text, organisation_id uuid, organisation text, person_id uuid, citizen_id uuid, login text, outcome text)
  language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
begin
  if current_setting('mandat.recipient', true) is distinct from 'fraud' then
    return;
  end if;
  return query with
    mine as (
      select e.id, e.at, e.action, e.organisation_id, e.person_id, e.citizen_id, e.body from journal_entry e
        where citizen is not null and e.citizen_id = citizen and e.id >= low and e.id < high and e.at >= since and e.at < until and recipient_fraud_sees(clients, e.action, e.body, e.mandate_id)
      union all
      select x.id, x.at, x.action, x.organisation_id, x.person_id, x.citizen_id, x.body
        from unnest(recipient_fraud_actions()) seen (action) cross join lateral (
          select * from journal_entry e where citizen is null and (e.action, e.id) >= (seen.action, low) and (e.action, e.id) < (seen.action, high) and e.at >= since and e.at < until
            and recipient_fraud_sees(clients, e.action, e.body, e.mandate_id) order by e.action desc, e.id desc limit most) x)
    select m.id, l.index, m.at, m.action, m.organisation_id, o.name, m.person_id, m.citizen_id, m.body::jsonb -> 'detail' ->> 'login',
        coalesce(m.body::jsonb -> 'detail' ->> 'reason', m.body::jsonb -> 'detail' ->> 'why')
      from mine m left join journal_leaf l on l.entry_id = m.id left join organisation o on o.id = m.organisation_id order by m.id desc limit most;
end $$;
-- +goose StatementEnd
revoke all on function recipient_fraud_actions(), recipient_fraud_span(timestamptz, timestamptz, bigint, int), recipient_fraud_entries(text[], uuid, timestamptz, timestamptz, bigint, bigint, int) from public;
grant execute on function recipient_fraud_span(timestamptz, timestamptz, bigint, int), recipient_fraud_entries(text[], uuid, timestamptz, timestamptz, bigint, bigint, int) to mandat_app;

-- The share to which an order is bound is given by an act, and the sample is drawn afterwards, by the job that draws all others (internal/sampling/reveal.go): it reads every entry before the order. How far it is, the row says,
-- and who writes that there is the one who draws.
alter table sample
  add column share text check (share ~ '^[0-9a-f]{64}$'),
  add column shared_by uuid references person,
  add column shared_at timestamptz check (shared_at >= ordered_at),
  add column looked bigint check (looked >= 0), -- entries that were looked through
  add column looked_at timestamptz,
  add constraint sample_share check (num_nonnulls(share, shared_by, shared_at) in (0, 3) and (share is null or bound));
create trigger sample_shared before update on sample for each row
  when (old.share is not null and (new.share, new.shared_by, new.shared_at) is distinct from (old.share, old.shared_by, old.shared_at)) execute function sample_goes();
create constraint trigger sample_revealed_journaled after update on sample deferrable initially deferred for each row when (old.share is null and new.share is not null) execute function journaled('sample', 'id', 'sample.revealed');
grant update (share, shared_by, shared_at, looked, looked_at) on sample to mandat_app;
