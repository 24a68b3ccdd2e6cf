-- +goose Up

-- Every step of a login has its entry: asked for, the citizen chosen, the procedure chosen. What it was used or refused for has one already (0006).
-- +goose StatementBegin
create function idp_login_stepped() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  wanted text := case when tg_op = 'INSERT' then 'power.asked' when new.procedure is not null then 'power.procedure_chosen' else 'power.citizen_chosen' end;
begin
  -- "offset 0": see 0002_organisation.sql.
  if not exists (select from (select action, organisation_id, person_id, citizen_id, mandate_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and person_id = new.person_id and action = wanted and (tg_op = 'INSERT' or citizen_id = new.citizen_id)
      and (wanted <> 'power.procedure_chosen' or mandate_id = new.mandate_id) and body::jsonb -> 'detail' ->> 'login' = new.id::text) then
    raise exception 'login %: no entry %', new.id, wanted using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger idp_login_asked after insert on idp_login deferrable initially deferred for each row execute function idp_login_stepped();
-- Without WHEN, whose text is read anew at every statement: no other step names these columns.
create constraint trigger idp_login_chosen after update of citizen_id, procedure on idp_login deferrable initially deferred for each row execute function idp_login_stepped();
