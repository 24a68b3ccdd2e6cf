-- +goose Up

-- Why a power ended that keeps what the citizen agreed to before from being signed after it. Each signature asks, of one citizen.
create index mandate_power_over on mandate_power (citizen_id, ended_at) where end_reason in ('citizen', 'death', 'protection', 'transferred');

-- What the program may change of a mandate, a power and a citizen: how it goes on with them, and what a newer identification told. What was agreed it may not.
revoke update on mandate, mandate_power, citizen from mandat_app;
grant update (state, ended_at, ended_by, end_reason, lasts_until) on mandate to mandat_app;
grant update (state, ended_at, end_reason) on mandate_power to mandat_app;
grant update (identity, identified_at, has_email, name_index, mails_refused_at, mails_refused_signed) on citizen to mandat_app;

-- And what has ended stays as it ended.
-- +goose StatementBegin
create function mandate_stays_ended() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  raise exception 'a row of % has ended', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
-- +goose StatementEnd
create trigger mandate_stays_ended before update on mandate for each row when (old.state = 'ended' or new.state = 'scheduled' and old.state <> 'scheduled') execute function mandate_stays_ended();
create trigger mandate_power_stays_ended before update on mandate_power for each row when (old.state = 'ended' or new.state = 'scheduled' and old.state <> 'scheduled') execute function mandate_stays_ended();
