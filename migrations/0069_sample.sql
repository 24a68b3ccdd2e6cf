-- +goose Up

-- Samples of the journal that auditors order (internal/sampling, docs/decisions/0038). All that decides what is drawn stands in the entry of the order; here is what lists show, and
-- what was drawn, by the places of entries in the log.
create table sample (
  id uuid primary key,
  year int not null check (year between 2000 and 2200),
  number int not null check (number between 1 and 99999),
  state text not null check (state in ('ordered', 'drawn', 'lapsed')),
  wanted int not null check (wanted between 1 and 500),
  bound boolean not null, -- to a share that who ordered it gives afterwards
  ordered_by uuid not null references person,
  ordered_at timestamptz not null,
  ends_at timestamptz not null check (ends_at = ordered_at + interval '24 hours'),
  place bigint check (place >= 0), -- of the order's entry
  witnessed bigint check (witnessed > place), -- entries of the checkpoint under which the order was witnessed
  size bigint check (size > witnessed), -- and of the one that was drawn from
  stamped_at timestamptz check (stamped_at <= ends_at),
  population bigint check (population >= 0),
  drawn_by uuid references person, -- null: the program
  ended_at timestamptz check (ended_at >= ordered_at),
  why text check (why in ('late', 'share')),
  unique (year, number),
  check (num_nonnulls(witnessed, size, stamped_at, population) = case when state = 'drawn' then 4 else 0 end),
  check ((ended_at is null) = (state = 'ordered') and (place is null) = (state = 'ordered') and (why is null) = (state <> 'lapsed')),
  check (drawn_by is null or state = 'drawn')
);
create unique index sample_standing on sample (ordered_by) where state = 'ordered';
create index sample_ordered on sample (ordered_at desc, id);
create table sample_entry (
  sample_id uuid not null references sample,
  index bigint not null check (index >= 0),
  outcome text check (outcome in ('nothing', 'case')),
  inquiry_id uuid references inquiry,
  checked_by uuid references person,
  checked_at timestamptz,
  primary key (sample_id, index),
  check (num_nonnulls(outcome, checked_by, checked_at) in (0, 3) and (inquiry_id is not null) = (outcome is not distinct from 'case'))
);

-- +goose StatementBegin
-- A sample is drawn once, from entries before its order, and an entry of it is looked at once.
create function sample_goes() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  raise exception 'a row of % is changed again', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
create function sample_entry_fits() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from sample s where s.id = new.sample_id and s.state = 'drawn' and new.index < s.place and s.ended_at = (select max(e.at) from journal_entry e where e.xid = pg_current_xact_id())) then
    raise exception 'entry % is put into a sample that is not drawn by this act', new.index using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create trigger sample_goes before update on sample for each row when (old.state <> 'ordered') execute function sample_goes();
create trigger sample_entry_goes before update on sample_entry for each row when (old.outcome is not null) execute function sample_goes();
create constraint trigger sample_entry_fits after insert on sample_entry deferrable initially deferred for each row execute function sample_entry_fits();
create constraint trigger sample_ordered_journaled after insert on sample deferrable initially deferred for each row execute function journaled('sample', 'id', 'sample.ordered');
create constraint trigger sample_drawn_journaled after update on sample deferrable initially deferred for each row when (new.state = 'drawn') execute function journaled('sample', 'id', 'sample.drawn');
create constraint trigger sample_lapsed_journaled after update on sample deferrable initially deferred for each row when (new.state = 'lapsed') execute function journaled('sample', 'id', 'sample.lapsed');
create constraint trigger sample_entry_journaled after insert on sample_entry deferrable initially deferred for each row execute function journaled('sample', 'sample_id', 'sample.drawn');
create constraint trigger sample_checked_journaled after update on sample_entry deferrable initially deferred for each row execute function journaled('sample', 'sample_id', 'sample.checked');

alter table sample enable row level security;
alter table sample_entry enable row level security;
create policy scope on sample to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy scope on sample_entry to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy audit on sample for select to mandat_auditor using (true);
create policy audit on sample_entry for select to mandat_auditor using (true);
grant select on sample, sample_entry to mandat_app, mandat_auditor;
grant insert (id, year, number, state, wanted, bound, ordered_by, ordered_at, ends_at) on sample to mandat_app;
grant update (state, place, witnessed, size, stamped_at, population, drawn_by, ended_at, why) on sample to mandat_app;
grant insert (sample_id, index) on sample_entry to mandat_app;
grant update (outcome, inquiry_id, checked_by, checked_at) on sample_entry to mandat_app;
