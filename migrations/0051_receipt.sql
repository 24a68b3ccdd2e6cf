-- +goose Up

-- The status lists of mandate receipts (internal/receipt). Each has 2^17 places; new places are drawn in the newest.
create table receipt_list (
  list int primary key check (list > 0),
  created_at timestamptz not null
);
insert into receipt_list values (1, now());

-- A place in a list, drawn at random so that it tells nothing, and what stands there: a mandate, or one power of it, as one reader knows them ('' is the citizen, else the
-- client_id of a service). Two services have different places of one mandate. A decoy stands for nothing, and ends one day like the others.
create table receipt_status (
  list int not null references receipt_list,
  idx int not null check (idx between 0 and 131071),
  organisation_id uuid not null,
  mandate_id uuid references mandate,
  procedure text, -- null is the whole mandate
  case_ref text,
  audience varchar(128),
  decoy_ends_at timestamptz,
  created_at timestamptz not null,
  primary key (list, idx),
  foreign key (mandate_id, procedure, case_ref) references mandate_power,
  constraint receipt_status_is check (case when decoy_ends_at is null then mandate_id is not null and audience is not null and num_nulls(procedure, case_ref) in (0, 2)
    else num_nonnulls(mandate_id, procedure, case_ref, audience) = 0 end)
);
create unique index receipt_status_once on receipt_status (mandate_id, audience, procedure, case_ref) nulls not distinct where mandate_id is not null;

alter table receipt_status enable row level security;
create policy scope on receipt_status to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy audit on receipt_status for select to mandat_auditor using (true);

-- A place stands for one thing for ever: no UPDATE.
grant select, insert on receipt_list, receipt_status to mandat_app;
grant select on receipt_list, receipt_status to mandat_auditor;

-- A place is drawn by the act that hands a receipt over: the one for a citizen, or the release of an identity to a service.
-- +goose StatementBegin
create function receipt_status_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from (select action, organisation_id, mandate_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where mandate_id = new.mandate_id and organisation_id = new.organisation_id
      and (new.audience = '' and action = 'receipt.issued' and body::jsonb -> 'detail' -> 'places' ? concat_ws(' ', new.list || '/' || new.idx, new.procedure, nullif(new.case_ref, ''))
        or new.audience <> '' and action = 'power.used' and body::jsonb -> 'detail' ->> 'client' = new.audience)) then
    raise exception 'place %/% of a receipt drawn without its entry', new.list, new.idx using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger receipt_status_journaled after insert or update on receipt_status deferrable initially deferred for each row
  when (new.mandate_id is not null) execute function receipt_status_journaled();
