-- +goose Up

-- Where two people decide, neither may be the other's making. Who gave a role, or proposed an administrator: null is the program, for the operator.
alter table membership add column given_by uuid references person;
alter table person add column appointed_by uuid references person, add column appointed_at timestamptz;
grant select (appointed_by, appointed_at) on person to mandat_auditor;

-- What follows says in new columns what entries said already: it needs none of its own.
alter table membership disable trigger membership_journaled;
update membership m set given_by = (select i.invited_by from invitation i where i.state = 'accepted' and i.person_id = m.person_id and i.organisation_id = m.organisation_id
  and m.role = any (i.roles) and i.decided_at = m.created_at);
alter table membership enable trigger membership_journaled;
alter table person disable trigger person_journaled;
update person p set (appointed_by, appointed_at) = (select i.invited_by, i.decided_at from invitation i where i.state = 'accepted' and i.person_id = p.id and i.administrator
  order by i.decided_at desc limit 1) where p.administrator;
alter table person enable trigger person_journaled;

-- Each function speaks of a person and the organisation for which they act as referent; null is the office of administrator. They answer also where row
-- security shows one organisation only, and tell no more than yes or no, or who gave a role.

-- Whether somebody may decide in that office now. Nobody is the program, which may.
create function office_held(uuid, uuid) returns boolean language sql stable security definer set search_path = pg_catalog, public as $$
  select $1 is null or exists (select from person p where p.id = $1 and p.suspended_at is null and case when $2 is null then p.administrator
    else exists (select from membership m join organisation o on o.id = m.organisation_id
      where m.organisation_id = $2 and m.person_id = $1 and m.role = 'referent' and m.ended_at is null and m.suspended_at is null and o.active) end)
$$;

-- Whether they have held it since before a time, or had it from the operator.
create function office_settled(uuid, uuid, timestamptz) returns boolean language sql stable security definer set search_path = pg_catalog, public as $$
  select case when $2 is null then exists (select from person where id = $1 and administrator and (appointed_by is null or appointed_at <= $3))
    else exists (select from membership where organisation_id = $2 and person_id = $1 and role = 'referent' and ended_at is null and (given_by is null or created_at <= $3)) end
$$;

-- The person, who gave them their roles in the organisation, who gave those theirs, and so on to an administrator or the operator.
create function office_line(uuid, uuid) returns table (id uuid) language sql stable security definer set search_path = pg_catalog, public as $$
  with recursive line (id) as (select $1 union select m.given_by from line l join membership m on m.organisation_id = $2 and m.person_id = l.id where m.given_by is not null)
  select line.id from line
$$;

-- Whether $3 in the office $4 may be the second beside $1 in the office $2, when both have to be settled before $5. An administrator may be it beside a referent
-- who is new. Of two administrators neither may have proposed the other, which took a second one then; of others, no one person may stand in both lines.
create function office_second(uuid, uuid, uuid, uuid, timestamptz) returns boolean language sql stable security definer set search_path = pg_catalog, public as $$
  select $1 <> $3 and office_held($3, $4) and office_settled($3, $4, $5) and ($4 is null or office_settled($1, $2, $5))
    and case when $2 is null and $4 is null then not exists (select from person where id = $1 and appointed_by = $3 or id = $3 and appointed_by = $1)
      else not exists (select id from office_line($1, $2) intersect select id from office_line($3, $4)) end
$$;
revoke all on function office_held(uuid, uuid), office_settled(uuid, uuid, timestamptz), office_line(uuid, uuid), office_second(uuid, uuid, uuid, uuid, timestamptz) from public;
grant execute on function office_held(uuid, uuid), office_second(uuid, uuid, uuid, uuid, timestamptz) to mandat_app;

-- The operator may be one of the two: nobody, in asked_by or approved_by.
alter table credential_reset
  alter column asked_by drop not null,
  drop constraint credential_reset_check2,
  drop constraint credential_reset_check3,
  add constraint credential_reset_approved check (num_nulls(approved_at, effective_at) in (0, 2) and (approved_by is null or approved_at is not null)),
  add constraint credential_reset_decided check (state in ('asked', 'refused', 'cancelled') or approved_at is not null);
