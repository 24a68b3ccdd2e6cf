-- +goose Up

-- What a second colleague attested: the SHA-256 of the terms as they were shown to them. What is signed has to be the same.
alter table mandate_draft
  add column witness_terms bytea check (octet_length(witness_terms) = 32),
  add constraint mandate_draft_witness_terms check (witness_terms is null or witness_id is not null);

-- Who the citizen is, and the second colleague's word, come into a draft with the entry of the very person who says so, and in no other way. What only goes
-- is not asked about: without it nothing is signed.
-- +goose StatementBegin
create function mandate_draft_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, person_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and person_id = case tg_argv[0] when 'draft.witnessed' then new.witness_id else new.person_id end and action = tg_argv[0]
      and body::jsonb -> 'detail' @> jsonb_build_object('draft', new.id, 'version', new.version, 'method', new.identified_by)
      and (tg_argv[0] <> 'draft.witnessed' or body::jsonb -> 'detail' ->> 'terms_sha256' = encode(new.witness_terms, 'hex'))) then
    raise exception 'draft % changed without its entry %', new.id, tg_argv[0] using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger mandate_draft_made_identified after insert on mandate_draft deferrable initially deferred for each row
  when (new.identity is not null) execute function mandate_draft_journaled('draft.identified');
create constraint trigger mandate_draft_identified after update of identity, sub_index, identified_by, identified_at, identified_session on mandate_draft deferrable initially deferred for each row
  when (new.identity is not null and (new.identity, new.sub_index, new.identified_by, new.identified_at, new.identified_session)
    is distinct from (old.identity, old.sub_index, old.identified_by, old.identified_at, old.identified_session)) execute function mandate_draft_journaled('draft.identified');
create constraint trigger mandate_draft_made_witnessed after insert on mandate_draft deferrable initially deferred for each row
  when (new.witness_id is not null) execute function mandate_draft_journaled('draft.witnessed');
create constraint trigger mandate_draft_witnessed after update of witness_id, witnessed_at, witness_factor_at, witness_terms on mandate_draft deferrable initially deferred for each row
  when (new.witness_id is not null and (new.witness_id, new.witnessed_at, new.witness_factor_at, new.witness_terms)
    is distinct from (old.witness_id, old.witnessed_at, old.witness_factor_at, old.witness_terms)) execute function mandate_draft_journaled('draft.witnessed');

-- Their entries name neither citizen nor mandate: the comparison finds them by their time, which the entry of the signature names.
create index journal_entry_said on journal_entry (at) where action in ('draft.identified', 'draft.witnessed');

-- An act that signs or begins one mandate ends others of the same citizen, whose place it takes, and does nothing else to them.
-- +goose StatementBegin
create or replace function mandate_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  replaced boolean := false;
begin
  if tg_op = 'UPDATE' and old.state <> 'ended' and new.state = 'ended' and new.end_reason in ('superseded', 'expired') then
    old.state := new.state;
    old.ended_at := new.ended_at;
    old.end_reason := new.end_reason;
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
-- +goose StatementBegin
create or replace function mandate_power_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  replaced boolean := false;
begin
  if tg_op = 'UPDATE' and old.state <> 'ended' and new.state = 'ended' and new.end_reason in ('superseded', 'expired') then
    old.state := new.state;
    old.ended_at := new.ended_at;
    old.end_reason := new.end_reason;
    replaced := old is not distinct from new;
  end if;
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.citizen_id and organisation_id = new.organisation_id
      and (action in ('mandate.signed', 'mandate.started') and (replaced or mandate_id = new.mandate_id) or action in ('mandate.ended', 'power.ended') and mandate_id = new.mandate_id)) then
    raise exception 'power of mandate % changed without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
