-- +goose Up

-- What other bodies say of the journal's kept checkpoints (internal/journal/testimony): their cosignatures, as the lines of a signed note. A kept
-- checkpoint is never changed, so they stand beside it.
create table journal_cosignature (
  size bigint not null references journal_checkpoint,
  key text not null check (octet_length(key) between 10 and 400), -- name and id of the witness' key
  line text not null check (octet_length(line) <= 8000),
  at timestamptz not null,
  primary key (size, key)
);

-- The kept checkpoints that enough witnesses cosigned, by the policy of then: the newest is the one that is published.
create table journal_witnessed (
  size bigint primary key references journal_checkpoint,
  at timestamptz not null
);

-- One row for each witness: which tree it told us it holds, and what it is asked. asked_at is a lease: until it is over, no other server asks for the
-- checkpoint of the same size.
create table journal_witness (
  key text primary key check (octet_length(key) between 10 and 400),
  size bigint not null default 0 check (size >= 0),
  asked_size bigint not null,
  asked_at timestamptz not null,
  failure text check (failure in ('unreachable', 'refused', 'wrong', 'ahead', 'fork')),
  failing_since timestamptz,
  check ((failure is null) = (failing_since is null))
);

create trigger journal_cosignature_kept before update or delete on journal_cosignature for each row execute function journal_refuse();
create trigger journal_cosignature_not_truncated before truncate on journal_cosignature for each statement execute function journal_refuse();
create trigger journal_witnessed_kept before update or delete on journal_witnessed for each row execute function journal_refuse();
create trigger journal_witnessed_not_truncated before truncate on journal_witnessed for each statement execute function journal_refuse();

alter table journal_cosignature enable row level security;
alter table journal_witnessed enable row level security;
alter table journal_witness enable row level security;
create policy scope on journal_cosignature to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy scope on journal_witnessed to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy scope on journal_witness to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy audit on journal_cosignature for select to mandat_auditor using (true);
create policy audit on journal_witnessed for select to mandat_auditor using (true);
create policy audit on journal_witness for select to mandat_auditor using (true);
grant select, insert on journal_cosignature, journal_witnessed to mandat_app;
grant select, insert on journal_witness to mandat_app;
grant update (size, asked_size, asked_at, failure, failing_since) on journal_witness to mandat_app;
grant select on journal_cosignature, journal_witnessed, journal_witness to mandat_auditor;
