-- +goose Up

-- Until when a mandate gives anything, when that is sooner than its end: the last end of a power that was not ended alone. Null otherwise, and of no meaning once it has ended.
alter table mandate
  add column lasts_until timestamptz,
  add constraint mandate_lasts check (lasts_until < ends_at);
grant select (lasts_until) on mandate to mandat_auditor;

-- A mandate of which nothing that lasts was left when its last power was replaced ended then, and what was left of it had run out. Powers and entries say when, and why.
alter table mandate disable trigger user;
alter table mandate_power disable trigger user;
update mandate_power p set state = 'ended', ended_at = p.ends_at, end_reason = 'expired'
  from (select mandate_id, max(ended_at) as at from mandate_power group by mandate_id having bool_or(state = 'ended') and max(ended_at) >= max(ends_at) filter (where state <> 'ended')) l
  where p.mandate_id = l.mandate_id and p.state <> 'ended' and p.ends_at <= l.at;
update mandate m set state = 'ended', ended_at = l.at, end_reason = l.reason
  from (select distinct on (mandate_id) mandate_id, ended_at as at, end_reason as reason from mandate_power p where state = 'ended'
    and not exists (select from mandate_power o where o.mandate_id = p.mandate_id and o.state <> 'ended') order by mandate_id, ended_at desc, end_reason desc) l
  where m.id = l.mandate_id and (m.state <> 'ended' or m.end_reason in ('superseded', 'expired')) and (m.ended_at, m.end_reason) is distinct from (l.at, l.reason);
update mandate m set lasts_until = l.at
  from (select mandate_id, max(ends_at) filter (where state <> 'ended') as at from mandate_power group by mandate_id having bool_or(state = 'ended')) l
  where m.id = l.mandate_id and m.state <> 'ended' and l.at < m.ends_at;
alter table mandate enable trigger user;
alter table mandate_power enable trigger user;

-- The list tells from it, without reading the mandates themselves, which of them stand.
drop index mandate_organisation;
create index mandate_organisation on mandate (organisation_id, signed_at desc) include (id, ends_at, state, person_id, citizen_id, lasts_until);

-- So does the job that tells of mandates whose time is over.
create index mandate_lasting on mandate (lasts_until) where lasts_until is not null;

-- An act that replaces a power of another mandate, or ends one alone, leaves the column as the powers have it.
-- +goose StatementBegin
create function mandate_lasting() returns trigger language plpgsql set search_path = pg_catalog, public as $$
declare
  mandate uuid := case tg_table_name when 'mandate' then to_jsonb(new) ->> 'id' else to_jsonb(new) ->> 'mandate_id' end;
begin
  if exists (select from mandate m where m.id = mandate and m.state <> 'ended' and m.lasts_until is distinct from nullif((select max(p.ends_at) from mandate_power p
      where p.mandate_id = m.id and p.state <> 'ended'), m.ends_at)) then
    raise exception 'mandate % does not last as long as its powers', mandate using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger mandate_lasting after insert on mandate deferrable initially deferred for each row when (new.lasts_until is not null) execute function mandate_lasting();
create constraint trigger mandate_lasts_otherwise after update on mandate deferrable initially deferred for each row
  when (new.state <> 'ended' and (new.lasts_until, new.ends_at) is distinct from (old.lasts_until, old.ends_at)) execute function mandate_lasting();
create constraint trigger mandate_power_lasting after update on mandate_power deferrable initially deferred for each row
  when (new.state = 'ended' and old.state <> 'ended' or new.ends_at <> old.ends_at) execute function mandate_lasting();

-- What the signature or the beginning of another mandate does to one: it ends it, or leaves it a part that lasts less long.
-- +goose StatementBegin
create or replace function mandate_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  replaced boolean := false;
begin
  if tg_op = 'UPDATE' and old.state <> 'ended' and (new.state = 'ended' and new.end_reason in ('superseded', 'expired') or new.state = old.state and new.lasts_until is distinct from old.lasts_until) then
    old.state := new.state;
    old.ended_at := new.ended_at;
    old.end_reason := new.end_reason;
    old.lasts_until := new.lasts_until;
    replaced := old is not distinct from new;
  end if;
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.citizen_id and organisation_id = new.organisation_id
      and (action in ('mandate.signed', 'mandate.started') and (replaced or mandate_id = new.id) or action in ('mandate.ended', 'power.ended') and mandate_id = new.id)) then
    raise exception 'mandate % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
