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
  add constraint mandate_draft_said check (num_nonnulls(same_as, other_than) = 0 or coalesce(identified_by = 'witnessed', false) and same_as <> all (other_than) is not false);
