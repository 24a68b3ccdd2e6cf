-- +goose Up

-- A use is of the power for one case ('' is a power for every case; as powers name it, mandate_power.case_ref). Those until now have the one that their entry
-- names: a login's, since logins choose one; a declared use named none.
alter table report_use add column case_ref text not null default '' check (case_ref ~ '^([0-9a-f]{32})?$');
alter table report_use disable trigger report_use_journaled;
update report_use u set case_ref = e.body::jsonb #>> '{detail,case}' from journal_entry e
  where e.action = 'power.used' and e.mandate_id = u.mandate_id and e.body::jsonb #>> '{detail,login}' = u.id::text and e.body::jsonb #>> '{detail,case}' is not null;
alter table report_use enable trigger report_use_journaled;

-- Lists of uses are turned page by page, from a use on.
create index report_use_turned on report_use (mandate_id, used_at, id);
drop index report_use_mandate;

-- As before, and of the same case.
-- +goose StatementBegin
create or replace function report_use_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, person_id, citizen_id, mandate_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and citizen_id = new.citizen_id and mandate_id = new.mandate_id and detail ->> 'procedure' = new.procedure
      and coalesce(detail ->> 'case', '') = new.case_ref
      and case when tg_op = 'UPDATE' then new.accounts = old.accounts + 1 and action = 'power.accounted' and detail ->> 'use' = new.id::text
            and detail ->> 'number' = new.accounts::text and detail ->> 'outcome' = new.outcome and person_id = new.closed_by
          when new.way = 'login' then new.state = 'open' and action = 'power.used' and detail ->> 'login' = new.id::text and person_id = new.person_id
          else new.state = 'open' and action = 'power.declared' and detail ->> 'use' = new.id::text and detail ->> 'way' = new.way and person_id = new.person_id end) then
    raise exception 'use % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd

-- Whether mails were refused when a mandate was signed, and not by the link in a mail, which the citizen alone has: that refusal keeps back what is told of mandates,
-- and not what guards the citizen's agreement; a later signature takes it back. A refusal by the link counts until the citizen takes it back.
alter table citizen
  add column mails_refused_signed boolean not null default false,
  add constraint citizen_mails_refused check (mails_refused_at is not null or not mails_refused_signed);
grant select (mails_refused_signed) on citizen to mandat_auditor;

-- The refusals until now, as the entries tell them: by the link those that were never taken back there, whatever a signature said since.
alter table citizen disable trigger citizen_journaled;
update citizen set mails_refused_signed = true where mails_refused_at is not null;
update citizen c set mails_refused_at = e.at, mails_refused_signed = false
  from (select distinct on (citizen_id) citizen_id, action, at from journal_entry where action in ('citizen.mails_refused', 'citizen.mails_resumed') order by citizen_id, id desc) e
  where e.citizen_id = c.id and e.action = 'citizen.mails_refused';
alter table citizen enable trigger citizen_journaled;

-- As before; a citizen's own word on mails takes the signature's away.
-- +goose StatementBegin
create or replace function citizen_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.id and organisation_id = new.organisation_id and (action = 'mandate.signed'
        or tg_op = 'UPDATE' and action = case when new.mails_refused_at is null then 'citizen.mails_resumed' else 'citizen.mails_refused' end and not new.mails_refused_signed
          and to_jsonb(new) - 'mails_refused_at' - 'mails_refused_signed' = to_jsonb(old) - 'mails_refused_at' - 'mails_refused_signed')) then
    raise exception 'citizen % changed without their entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd

-- A number that is removed stays bound to whom it served: while a mandate may stand that rests on it, and half a year at least. Only then it is nobody's. The day is the
-- first of a quarter, so that it tells little of which removal it comes from; null is a number in service.
alter table phone_holder add column kept_until date
  check (extract(day from kept_until) = 1 and extract(month from kept_until) in (1, 4, 7, 10));
create index phone_holder_kept on phone_holder (kept_until) where kept_until is not null;
grant update (person_mark, kept_until) on phone_holder to mandat_app;
