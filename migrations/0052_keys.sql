-- +goose Up

-- How many keys of the journal have ended. A server signs only with a key that has not: its share of the tree is refused when this number is
-- past what its keys are for (internal/journal/tree).
alter table journal_tree add column epoch int not null default 0 check (epoch >= 0);

-- +goose StatementBegin
create or replace function journal_tree_grows() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if new.size < old.size or (new.xid < old.xid and new.cluster = old.cluster) or (new.size = old.size and new.root <> old.root) then
    raise exception 'the journal only grows: % entries, not %', old.size, new.size using errcode = 'insufficient_privilege';
  end if;
  if new.epoch < old.epoch then
    raise exception 'a key of the journal that ended stays ended' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
-- +goose StatementEnd

-- The key-encryption keys that wrap, or wrapped, what is kept sealed (internal/wrapping): not the keys, but what Tink writes before all that each of them wrapped.
create table wrapping_key (
  prefix bytea primary key check (octet_length(prefix) = 5),
  state text not null check (state in ('current', 'old', 'gone')),
  current_at timestamptz not null,
  old_at timestamptz,
  gone_at timestamptz,
  check (num_nonnulls(old_at, gone_at) = case state when 'current' then 0 when 'old' then 1 else 2 end)
);
create unique index wrapping_key_current on wrapping_key (state) where state = 'current';
alter table wrapping_key enable row level security;
create policy scope on wrapping_key to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy audit on wrapping_key for select to mandat_auditor using (true);
grant select, insert on wrapping_key to mandat_app;
grant update (state, old_at, gone_at) on wrapping_key to mandat_app;
grant select on wrapping_key to mandat_auditor;

-- A key goes one way, and each step has its entry.
-- +goose StatementBegin
create function wrapping_key_ages() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (old.state, new.state) not in (('current', 'old'), ('old', 'gone')) then
    raise exception 'key-encryption key % does not go from % to %', encode(old.prefix, 'hex'), old.state, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create function wrapping_key_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from (select action, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where case new.state when 'current' then action = 'wrapping.changed' and detail ->> 'key' = encode(new.prefix, 'hex')
        when 'old' then action = 'wrapping.changed' and detail ->> 'before' = encode(new.prefix, 'hex')
        else action = 'wrapping.ended' and detail ->> 'key' = encode(new.prefix, 'hex') end) then
    raise exception 'key-encryption key % changed without its entry', encode(new.prefix, 'hex') using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create trigger wrapping_key_ages before update on wrapping_key for each row execute function wrapping_key_ages();
create constraint trigger wrapping_key_journaled after insert or update on wrapping_key deferrable initially deferred for each row execute function wrapping_key_journaled();

-- Nothing is wrapped any more with a key that is gone, by no server that still has it: it could never be opened again. The lock keeps who wraps and who
-- ends a key from not seeing each other.
-- +goose StatementBegin
create function wrapping_key_stands(wrapped bytea, place text) returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform pg_advisory_xact_lock_shared(7731022852);
  if exists (select from wrapping_key k where k.state = 'gone' and k.prefix = substr(wrapped, 1, 5)) then
    raise exception 'the key-encryption key of a row of % is gone', place using errcode = 'integrity_constraint_violation';
  end if;
end $$;
create function data_key_stands() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  perform wrapping_key_stands(new.data_key, tg_table_name);
  return null;
end $$;
create function signing_key_stands() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  perform wrapping_key_stands(new.proof, tg_table_name), wrapping_key_stands(new.private, tg_table_name);
  return null;
end $$;
-- +goose StatementEnd
revoke execute on function wrapping_key_stands from public;
grant execute on function wrapping_key_stands to mandat_app;
create trigger data_key_stands after insert or update of data_key on citizen for each row execute function data_key_stands();
create trigger data_key_stands after insert or update of data_key on mandate_draft for each row when (new.data_key is not null) execute function data_key_stands();
create trigger data_key_stands after insert or update of data_key on credential_totp for each row execute function data_key_stands();
create trigger data_key_stands after insert or update of data_key on credential_card for each row execute function data_key_stands();
create trigger data_key_stands after insert or update of data_key on certification_import for each row when (new.data_key is not null) execute function data_key_stands();
create trigger signing_key_stands after insert or update of private, proof on signing_key for each row execute function signing_key_stands();

-- Wrapping anew changes nothing else of a row, and has an entry of its own.
grant update (data_key) on citizen to mandat_app;
grant update (proof) on signing_key to mandat_app;

-- +goose StatementBegin
create or replace function citizen_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id, body from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.id and organisation_id = new.organisation_id and (action = 'mandate.signed'
        or tg_op = 'UPDATE' and action = case when new.mails_refused_at is null then 'citizen.mails_resumed' else 'citizen.mails_refused' end and not new.mails_refused_signed
          and to_jsonb(new) - 'mails_refused_at' - 'mails_refused_signed' = to_jsonb(old) - 'mails_refused_at' - 'mails_refused_signed')
      or tg_op = 'UPDATE' and action = 'wrapping.renewed' and body::jsonb #>> '{detail,of}' = 'citizen' and to_jsonb(new) - 'data_key' = to_jsonb(old) - 'data_key') then
    raise exception 'citizen % changed without their entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create or replace function signing_key_ages() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.state = old.state and to_jsonb(new) - 'private' - 'proof' = to_jsonb(old) - 'private' - 'proof' and (new.private is null) = (old.private is null) then
    return new; -- wrapped anew
  end if;
  if (old.state, new.state) not in (('next', 'current'), ('current', 'old')) then
    raise exception 'key % does not go from % to %', old.kid, old.state, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create or replace function signing_key_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  k signing_key;
  place text;
begin
  if tg_op = 'DELETE' then
    if old.state = 'old' then
      return null;
    end if;
    k := old;
    place := 'withdrawn';
  else
    k := new;
    place := new.state;
  end if;
  if not exists (select from (select action, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action in ('key.made', 'key.rotated') and detail ->> 'use' = k.use and detail -> place ? k.kid
        or tg_op = 'UPDATE' and new.state = old.state and action = 'wrapping.renewed' and detail ->> 'of' = 'signing_key') then
    raise exception 'key % changed without its entry', k.kid using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
