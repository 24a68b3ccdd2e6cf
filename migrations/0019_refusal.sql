-- +goose Up

-- Which lines of a file of results were refused, and why: a number and a word of the program's, nothing of whom the line was about. They are kept as
-- long as the import, for who asks what became of a file.
create table certification_refusal (
  import_id uuid not null references certification_import,
  line int not null check (line >= 2),
  why text not null check (why ~ '^[a-z_]{1,30}$'),
  primary key (import_id, line)
);
grant select, insert on certification_refusal to mandat_app;
grant select on certification_refusal to mandat_auditor;

-- How many they are so far. Null is an import of which they were not kept: it began before this migration.
alter table certification_import add column refused int check (refused between 0 and done);
alter table certification_import alter column refused set default 0;
grant select (refused) on certification_import to mandat_auditor;
