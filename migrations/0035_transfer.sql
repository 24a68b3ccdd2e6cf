-- +goose Up

-- A draft may take the place of a mandate that the citizen gave to another organisation: its id, and what the paper says of it, sealed like the identity. A draft
-- renews a mandate of its own organisation, or transfers one of another.
alter table mandate_draft
  add column transfers uuid,
  add column transfers_from bytea check (get_byte(transfers_from, 0) = 1),
  add constraint mandate_draft_transfers check ((transfers is null or renews is null)
    and (transfers_from is not null) = (transfers is not null and state in ('open', 'identified')));

-- The mandate that it transfers ends by itself, by the program alone.
alter table mandate
  add column transfers uuid,
  add constraint mandate_transfers check (transfers is null or transfers <> id and renews is null),
  add constraint mandate_transferred_by check (end_reason <> 'transferred' or ended_by is null);
create index mandate_transfers on mandate (transfers) where transfers is not null;
create index mandate_transferred on mandate (id) where end_reason = 'transferred';
grant select (transfers) on mandate to mandat_auditor;

-- Whose mandate a draft transfers, for who draws it up: the row of the other organisation, in which the identity is sealed, and what tells that the citizen is the
-- same one. It is asked for a draft of one's own organisation, and answers for the mandate that this draft names.
-- +goose StatementBegin
create function mandate_draft_giver(draft uuid, out organisation_id uuid, out sub_index bytea, out id uuid, out data_key bytea, out identity bytea, out identified_at timestamptz)
  returns setof record language sql stable security definer set search_path = pg_catalog, public as $$
  select c.organisation_id, c.sub_index, c.id, c.data_key, c.identity, c.identified_at
    from mandate_draft d join mandate m on m.id = d.transfers join citizen c on c.id = m.citizen_id and c.organisation_id = m.organisation_id
    where d.id = draft and d.organisation_id = nullif(current_setting('mandat.org', true), '')::uuid and d.state = 'identified'
$$;
-- +goose StatementEnd
revoke execute on function mandate_draft_giver from public;
grant execute on function mandate_draft_giver to mandat_app;

-- Nothing is transferred to nowhere: another organisation has a mandate that began, by then, and says that it takes this one's place; and nobody did it. One that
-- ended before its first day never began.
-- +goose StatementBegin
create function mandate_transferred() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from mandate n where n.transfers = new.id and n.organisation_id <> new.organisation_id and n.state <> 'scheduled'
      and coalesce(n.starts_at, n.signed_at) <= new.ended_at and coalesce(n.starts_at, n.signed_at) <= coalesce(n.ended_at, 'infinity'))
    or not exists (select from (select action, person_id, mandate_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where mandate_id = new.id and action = 'mandate.ended' and person_id is null and body::jsonb -> 'detail' ->> 'reason' = 'transferred') then
    raise exception 'mandate % transferred to nowhere', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger mandate_transferred after insert or update on mandate deferrable initially deferred for each row
  when (new.end_reason = 'transferred') execute function mandate_transferred();
