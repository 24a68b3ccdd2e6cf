-- +goose Up

-- Two people of one name, born on one day, are two. Whom a document told has a sub of their own by chance, and name_index, a hash of folded names and birth
-- date keyed per organisation, finds those of whom people have to say whether it is the same person. It names nobody, and several may have the same. Those of
-- before have none, and are found by their sub_index, which was made of the same.
alter table citizen
  add column name_index bytea check (octet_length(name_index) = 32),
  add constraint citizen_named check (name_index is null or identified_by = 'witnessed');
create index citizen_name on citizen (organisation_id, name_index) where name_index is not null;

-- Of a document: whom the aidant was shown and says that it is not (other_than), and whom it is (same_as).
alter table mandate_draft
  add column same_as uuid,
  add column other_than uuid[] check (array_position(other_than, null) is null and cardinality(other_than) > 0),
  add constraint mandate_draft_whom check (num_nonnulls(same_as, other_than) = 0 or coalesce(identified_by = 'witnessed', false) and same_as <> all (other_than) is not false);

-- What a draft says of whom a document told is what its entry says, and what the table citizen says: somebody new is nobody whom the organisation knows.
-- +goose StatementBegin
create function mandate_draft_said() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, person_id, citizen_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action = 'draft.identified' and organisation_id = new.organisation_id and person_id = new.person_id and citizen_id is not distinct from new.same_as
      and detail @> jsonb_build_object('draft', new.id, 'version', new.version) and coalesce(detail -> 'other_than', '[]') = to_jsonb(coalesce(new.other_than, '{}')))
    or (select c.id from citizen c where c.organisation_id = new.organisation_id and c.sub_index = new.sub_index) is distinct from new.same_as then
    raise exception 'draft % says of somebody what its entry does not', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger mandate_draft_said after update of identity, sub_index, same_as, other_than, identified_by on mandate_draft deferrable initially deferred for each row
  when (new.identified_by = 'witnessed' and (new.identity, new.sub_index, new.same_as, new.other_than, new.identified_by)
    is distinct from (old.identity, old.sub_index, old.same_as, old.other_than, old.identified_by)) execute function mandate_draft_said();
