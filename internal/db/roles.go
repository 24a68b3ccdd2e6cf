package db

// RolesSQL is what a database administrator runs once per cluster, as superuser: the three logins and their time-outs.
// Passwords are theirs to set. Migrations grant rights to these logins and never create them. It may be run again.
//
// mandat_app plans a statement once, and reads no table from end to end if there is an index: each of its statements is
// meant to have one, and a plan is kept as long as its connection. One made on the first day, when a table had one page,
// would read all of it weeks later.
const RolesSQL = `do $$
declare login text;
begin
  perform pg_advisory_xact_lock(6290313042);
  foreach login in array array['mandat_owner', 'mandat_app', 'mandat_auditor'] loop
    if not exists (select from pg_roles where rolname = login) then
      execute format('create role %I login nosuperuser nobypassrls nocreatedb nocreaterole', login);
    end if;
  end loop;
end $$;
alter role mandat_app set statement_timeout = '10s';
alter role mandat_app set lock_timeout = '5s';
alter role mandat_app set idle_in_transaction_session_timeout = '15s';
alter role mandat_app set enable_seqscan = off;
alter role mandat_app set jit = off;
alter role mandat_app set plan_cache_mode = force_generic_plan;
alter role mandat_auditor set statement_timeout = '10min';
alter role mandat_auditor set lock_timeout = '5s';
alter role mandat_auditor set idle_in_transaction_session_timeout = '60s';
alter role mandat_auditor set default_transaction_read_only = on;
`
