-- +goose Up

-- A function that runs with its owner's rights looks for tables in temporary ones first, unless pg_temp is named, last: whoever may make a temporary table of the
-- journal's name would be believed by what guards the others. (PostgreSQL, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely".)
-- +goose StatementBegin
do $$
declare
  f regprocedure;
begin
  for f in select p.oid::regprocedure from pg_proc p where p.prosecdef and p.pronamespace = 'public'::regnamespace loop
    execute format('alter function %s set search_path = pg_catalog, public, pg_temp', f);
  end loop;
end $$;
-- +goose StatementEnd
