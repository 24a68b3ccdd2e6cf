-- +goose Up

-- The keys with which the program signs tokens (internal/signingkey). Of each use and algorithm one key signs, and one waits, published, to sign after it.
-- A key that has signed is published for a while, without its private half, which is gone.
create table signing_key (
  kid varchar(43) primary key check (octet_length(kid) = 43), -- RFC 7638: it names this public half and no other
  use text not null check (use in ('id_token', 'receipt', 'assertion')),
  alg text not null check (alg in ('ES256', 'RS256')),
  public bytea not null check (octet_length(public) between 64 and 2048), -- SubjectPublicKeyInfo
  proof bytea not null, -- that the program made it: without the key-encryption key nobody adds a key of theirs, in which all clients would believe
  created_at timestamptz not null,
  -- From here on columns change, and those before do not.
  state text not null,
  private bytea, -- PKCS #8, sealed under the key-encryption key
  current_at timestamptz,
  old_at timestamptz,
  published_until timestamptz,
  constraint signing_key_state check (case state
    when 'next' then private is not null and num_nonnulls(current_at, old_at, published_until) = 0
    when 'current' then num_nulls(private, current_at) = 0 and num_nonnulls(old_at, published_until) = 0
    when 'old' then private is null and num_nulls(current_at, old_at, published_until) = 0 and published_until >= old_at + interval '48 hours'
    else false end)
);
create unique index signing_key_next on signing_key (use, alg) where state = 'next';
create unique index signing_key_current on signing_key (use, alg) where state = 'current';

alter table signing_key enable row level security;
create policy scope on signing_key to mandat_app using ((select current_setting('mandat.system', true) = 'on'));
create policy audit on signing_key for select to mandat_auditor using (true);
grant select, delete on signing_key to mandat_app;
grant insert (kid, use, alg, public, proof, created_at, state, private, current_at) on signing_key to mandat_app;
grant update (state, private, current_at, old_at, published_until) on signing_key to mandat_app;
grant select (kid, use, alg, created_at, state, current_at, old_at, published_until) on signing_key to mandat_auditor;

-- A key goes one way: it waits, signs, and is old.
-- +goose StatementBegin
create function signing_key_ages() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (old.state, new.state) not in (('next', 'current'), ('current', 'old')) then
    raise exception 'key % does not go from % to %', old.kid, old.state, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger signing_key_ages before update on signing_key for each row execute function signing_key_ages();

-- Every change has its entry, which names the key. That an old one, whose time is over, is forgotten needs none: it opens nothing.
-- +goose StatementBegin
create function signing_key_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
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
      where action in ('key.made', 'key.rotated') and detail ->> 'use' = k.use and detail -> place ? k.kid) then
    raise exception 'key % changed without its entry', k.kid using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger signing_key_journaled after insert or update or delete on signing_key deferrable initially deferred for each row execute function signing_key_journaled();
