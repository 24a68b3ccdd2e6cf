-- +goose Up

-- Everybody who ever gave somebody a role in an organisation, or (null) proposed or confirmed them as administrator. Rows are only added: a role that is
-- given again by somebody else is still the making of who gave it first.
create table person_giver (
  person_id uuid not null references person,
  organisation_id uuid references organisation,
  giver_id uuid not null references person,
  given_at timestamptz not null, -- for the first time
  unique nulls not distinct (organisation_id, person_id, giver_id)
);
grant select, insert on person_giver to mandat_app;
grant select on person_giver to mandat_auditor;

-- What follows says in new rows what entries said already, and what columns said before entries did: it needs none of its own.
insert into person_giver (person_id, organisation_id, giver_id, given_at)
  with given as (select id, at, organisation_id, body::jsonb as body, body::jsonb -> 'detail' as detail from journal_entry where action in ('person.added', 'person.joined', 'person.appointed'))
  select person::uuid, organisation, giver::uuid, min(at) from (
    select detail ->> 'person', organisation_id, case when detail ? 'invitation' then detail ->> 'given_by' else body -> 'by' ->> 'person' end, at from given
      where detail ? 'roles' or detail ->> 'administrator' = 'true' or body ->> 'action' = 'person.appointed'
    union all
    select detail ->> 'person', null, (select c.body::jsonb -> 'by' ->> 'person' from journal_entry c where c.action = 'invitation.confirmed' and c.id < g.id
      and c.body::jsonb -> 'detail' ->> 'invitation' = g.detail ->> 'invitation' order by c.id desc limit 1), at from given g where g.detail ? 'invitation'
    union all
    select person_id::text, organisation_id, given_by::text, created_at from membership
    union all
    select id::text, null, appointed_by::text, appointed_at from person) as known (person, organisation, giver, at)
  where giver is not null group by person, organisation, giver;

create constraint trigger journaled after insert or update or delete on person_giver deferrable initially deferred for each row
  execute function journaled('person', 'person_id', 'person');

-- The person, who gave them their roles in the organisation, who gave those theirs, and so on to an administrator or the operator: all who ever did.
create or replace function office_line(uuid, uuid) returns table (id uuid) language sql stable security definer set search_path = pg_catalog, public as $$
  with recursive line (id) as (select $1 union select g.giver_id from line l join person_giver g on g.organisation_id = $2 and g.person_id = l.id)
  select line.id from line
$$;

-- Whether $3 in the office $4 may be the second beside $1 in the office $2, when both have to be settled before $5. An administrator may be it beside a referent
-- who is new. No one person stands in both lines, and nobody in one proposed or confirmed as administrator anybody in the other.
create or replace function office_second(uuid, uuid, uuid, uuid, timestamptz) returns boolean language sql stable security definer set search_path = pg_catalog, public as $$
  select $1 <> $3 and office_held($3, $4) and office_settled($3, $4, $5) and ($4 is null or office_settled($1, $2, $5))
    and not exists (select from office_line($1, $2) a, office_line($3, $4) b where a.id = b.id
      or exists (select from person_giver g where g.organisation_id is null and ((g.person_id, g.giver_id) = (a.id, b.id) or (g.person_id, g.giver_id) = (b.id, a.id))))
$$;
