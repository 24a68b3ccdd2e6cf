-- +goose Up

-- In which session an act was done. It stands beside the entry, not in what is hashed: it is chance, and says something only as long as
-- session_origin has a row for it.
alter table journal_entry add column session_id bytea check (octet_length(session_id) <= 32);
grant insert (session_id) on journal_entry to mandat_app;

-- From where a session was opened, for auditors: browser and system in words, and of the address only its network (IPv4 /24, IPv6 /48). Kept
-- 12 months after the sign-in, longer than the session and shorter than entries. The program writes and purges it, and cannot read it.
create table session_origin (
  session_id bytea primary key check (octet_length(session_id) = 32),
  person_id uuid not null,
  device text check (char_length(device) <= 100),
  network cidr,
  opened_at timestamptz not null
);
create index session_origin_opened on session_origin (opened_at);
grant insert, delete, select (session_id, opened_at) on session_origin to mandat_app;
grant select on session_origin to mandat_auditor;
-- Who is signed in now is known from where.
insert into session_origin (session_id, person_id, device, network, opened_at)
  select id, person_id, device, network, created_at from session where person_id is not null;

-- A login whose citizen was chosen, and which came to nothing, is deleted by an act that says so: those that were used or refused have
-- their entry.
-- +goose StatementBegin
create function idp_login_abandoned() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = old.organisation_id and citizen_id = old.citizen_id and action = 'power.abandoned' and body::jsonb -> 'detail' ->> 'login' = old.id::text) then
    raise exception 'login % was deleted without its entry', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger idp_login_abandoned after delete on idp_login deferrable initially deferred for each row
  when (old.citizen_id is not null and old.released_at is null and (old.refusal is null or old.refusal = 'cancelled')) execute function idp_login_abandoned();
