-- +goose Up

-- The journal's outbox: one row for each act, written by the transaction that did it. See docs/journal.md.
create sequence journal_entry_id;

create table journal_entry (
  id bigint primary key default nextval('journal_entry_id') check (id > 0),
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null,
  action text not null check (action ~ '^[a-z]+\.[a-z_]+$'),
  organisation_id uuid,
  person_id uuid,
  citizen_id uuid,
  mandate_id uuid,
  salt bytea not null check (octet_length(salt) = 32),
  body text not null check (octet_length(body) <= 65000)
);
-- One index for two needs: the integrator's next entries, and the triggers that look for this transaction's entry.
create index journal_entry_xid on journal_entry (xid, id);
create index journal_entry_organisation on journal_entry (organisation_id, id) where organisation_id is not null;
create index journal_entry_citizen on journal_entry (citizen_id, id) where citizen_id is not null;
create index journal_entry_mandate on journal_entry (mandate_id, id) where mandate_id is not null;

-- +goose StatementBegin
create function journal_refuse() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  raise exception 'the journal is never changed: % on %', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end $$;
-- +goose StatementEnd
create trigger journal_entry_kept before update or delete on journal_entry for each row execute function journal_refuse();
create trigger journal_entry_not_truncated before truncate on journal_entry for each statement execute function journal_refuse();

alter table journal_entry enable row level security;
create policy scope_read on journal_entry for select to mandat_app using (
  organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
create policy scope_write on journal_entry for insert to mandat_app with check (true);
create policy audit on journal_entry for select to mandat_auditor using (true);
-- Not id and xid: the program never chooses its entry's place. An id of its own would lie outside what is integrated.
grant select, insert (at, action, organisation_id, person_id, citizen_id, mandate_id, salt, body) on journal_entry to mandat_app;
grant usage on sequence journal_entry_id to mandat_app;
grant select on journal_entry to mandat_auditor;
create index journal_entry_action on journal_entry (action, id);

-- The Merkle tree over the entries (docs/journal.md). A leaf stays for ever, also when its entry's time is over and the
-- entry is deleted: hence no foreign key.
create table journal_leaf (
  index bigint primary key check (index >= 0),
  entry_id bigint not null unique,
  commitment bytea not null check (octet_length(commitment) = 32)
);

-- Hashes of the tree in the layout of C2SP tlog-tiles: up to 256 of them, of 32 bytes. A tile only grows.
create table journal_tile (
  level smallint not null check (level between 0 and 7),
  index bigint not null check (index >= 0),
  hashes bytea not null check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
  primary key (level, index)
);
-- Hashes do not compress: no time is lost trying.
alter table journal_tile alter column hashes set storage external;

-- One row: how far the tree has grown, and its latest signed checkpoint. Every entry of a transaction before xid stands
-- in the tree. cluster is the PostgreSQL on which that number means something.
create table journal_tree (
  one boolean primary key default true check (one),
  size bigint not null check (size >= 0),
  root bytea not null check (octet_length(root) = 32),
  checkpoint text not null,
  xid xid8 not null,
  cluster bigint not null,
  kept_size bigint not null,
  kept_at timestamptz not null
);

-- The checkpoints that are kept: one in ten seconds, and one in 65,536 entries.
create table journal_checkpoint (
  size bigint primary key,
  at timestamptz not null,
  note text not null
);

-- +goose StatementBegin
create function journal_tile_grows() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if new.level <> old.level or new.index <> old.index or substr(new.hashes, 1, octet_length(old.hashes)) <> old.hashes then
    raise exception 'a tile of the journal only grows: level %, index %', old.level, old.index using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function journal_tree_grows() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if new.size < old.size or (new.xid < old.xid and new.cluster = old.cluster) or (new.size = old.size and new.root <> old.root) then
    raise exception 'the journal only grows: % entries, not %', old.size, new.size using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger journal_tile_grows before update on journal_tile for each row execute function journal_tile_grows();
create trigger journal_tree_grows before update on journal_tree for each row execute function journal_tree_grows();
create trigger journal_leaf_kept before update or delete on journal_leaf for each row execute function journal_refuse();
create trigger journal_tile_kept before delete on journal_tile for each row execute function journal_refuse();
create trigger journal_tree_kept before delete on journal_tree for each row execute function journal_refuse();
create trigger journal_checkpoint_kept before update or delete on journal_checkpoint for each row execute function journal_refuse();
create trigger journal_leaf_not_truncated before truncate on journal_leaf for each statement execute function journal_refuse();
create trigger journal_tile_not_truncated before truncate on journal_tile for each statement execute function journal_refuse();
create trigger journal_tree_not_truncated before truncate on journal_tree for each statement execute function journal_refuse();
create trigger journal_checkpoint_not_truncated before truncate on journal_checkpoint for each statement execute function journal_refuse();

grant select, insert on journal_leaf, journal_checkpoint to mandat_app;
grant select, insert, update on journal_tile, journal_tree to mandat_app;
grant select on journal_leaf, journal_tile, journal_tree, journal_checkpoint to mandat_auditor;
