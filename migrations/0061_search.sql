-- +goose Up

-- By what auditors search the journal (internal/journal/search, docs/decisions/0035). The log is cut into blocks of entries; for each term that entries of a
-- block can be found by, one row holds their places in it. Acts write nothing here: a follower does, of what stands in the tree.
create table journal_search_block (
  first bigint primary key, -- index in the log
  size int not null check (size in (256, 8192)),
  first_at timestamptz not null,
  last_at timestamptz not null check (last_at >= first_at),
  times bytea not null check (octet_length(times) = 8 * size), -- of each entry, in microseconds since 1970
  check (first >= 0 and first % size = 0)
);
create table journal_search_term (
  term bytea check (octet_length(term) between 2 and 201),
  first bigint, -- of the block
  places bytea not null check (octet_length(places) between 2 and 1024),
  primary key (term, first)
);
-- By which a block is made again. Not an index on first alone: a search would be tempted to read every term of a range of blocks.
create index journal_search_term_block on journal_search_term ((first / 256));

-- Blocks in which entries were forgotten: they are made again, without what said where those were. first is a multiple of 256.
create table journal_search_stale (
  first bigint primary key,
  times int not null default 1
);
-- The server that follows.
create table journal_search_lead (
  one boolean primary key default true check (one),
  holder uuid,
  until timestamptz not null default '-infinity'
);
insert into journal_search_lead default values;

-- +goose StatementBegin
create function journal_search_forgets() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into journal_search_stale as s (first)
    select distinct l.index - l.index % 256 from gone g join journal_leaf l on l.entry_id = g.id order by 1
    on conflict (first) do update set times = s.times + 1;
  return null;
end $$;
-- +goose StatementEnd
create trigger journal_entry_searched after delete on journal_entry referencing old table as gone for each statement execute function journal_search_forgets();

-- A reading is one entry for a session within an hour: it is looked for among the last of the reader's.
create index journal_entry_reading on journal_entry (person_id, id) where action in ('journal.searched', 'journal.viewed');

alter table journal_search_block enable row level security;
alter table journal_search_term enable row level security;
alter table journal_search_stale enable row level security;
alter table journal_search_lead enable row level security;
create policy scope on journal_search_block to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy scope on journal_search_term to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy scope on journal_search_stale to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy scope on journal_search_lead to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy audit on journal_search_block for select to mandat_auditor using (true);
create policy audit on journal_search_term for select to mandat_auditor using (true);
grant select, insert, delete on journal_search_block, journal_search_term to mandat_app;
grant select, delete on journal_search_stale to mandat_app;
grant select, update (holder, until) on journal_search_lead to mandat_app;
grant select on journal_search_block, journal_search_term to mandat_auditor;
