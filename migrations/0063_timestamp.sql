-- +goose Up

-- When kept checkpoints of the journal were there, by the word of a timestamp authority (RFC 3161): the timestamp in DER, over the SHA-256 of the
-- checkpoint's text, which is what is signed of it. at is the authority's time.
create table journal_timestamp (
  size bigint primary key references journal_checkpoint,
  at timestamptz not null,
  token bytea not null check (octet_length(token) between 100 and 32768)
);
create trigger journal_timestamp_kept before update or delete on journal_timestamp for each row execute function journal_refuse();
create trigger journal_timestamp_not_truncated before truncate on journal_timestamp for each statement execute function journal_refuse();
alter table journal_timestamp enable row level security;
create policy scope on journal_timestamp to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy audit on journal_timestamp for select to mandat_auditor using (true);
grant select, insert on journal_timestamp to mandat_app;
grant select on journal_timestamp to mandat_auditor;
