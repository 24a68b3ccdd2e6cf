-- +goose Up

-- How many keys of the journal have ended. A server signs only with a key that has not: its share of the tree is refused when this number is
-- past what its keys are for (internal/journal/tree).
alter table journal_tree add column epoch int not null default 0 check (epoch >= 0);

-- +goose StatementBegin
create or replace function journal_tree_grows() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if new.size < old.size or (new.xid < old.xid and new.cluster = old.cluster) or (new.size = old.size and new.root <> old.root) then
    raise exception 'the journal only grows: % entries, not %', old.size, new.size using errcode = 'insufficient_privilege';
  end if;
  if new.epoch < old.epoch then
    raise exception 'a key of the journal that ended stays ended' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
-- +goose StatementEnd
