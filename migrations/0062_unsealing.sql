-- +goose Up

-- That an auditor is told whom a pseudonym stands for (internal/unsealing, docs/decisions/0036): asked for by one, granted by another one, for an hour. The reason in
-- words may name somebody: it is sealed under a key of its own, and goes a year later. What is about a citizen goes with what is known of them.
create table unsealing (
  id uuid primary key,
  person_id uuid references person,
  citizen_id uuid,
  organisation_id uuid, -- the citizen's
  reason text not null check (reason in ('complaint', 'request', 'anomaly', 'authority', 'incident')),
  data_key bytea,
  words bytea check (octet_length(words) <= 5000),
  state text not null check (state in ('asked', 'granted', 'refused', 'withdrawn', 'ended')),
  asked_by uuid not null references person,
  asked_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > asked_at),
  decided_by uuid references person,
  decided_at timestamptz check (decided_at between asked_at and expires_at),
  until timestamptz check (until > decided_at),
  ended_by uuid references person,
  ended_at timestamptz,
  looks int not null default 0 check (looks >= 0),
  looked_at timestamptz,
  check (num_nonnulls(person_id, citizen_id) = 1 and (citizen_id is null) = (organisation_id is null)),
  check ((data_key is null) = (words is null)),
  check (decided_by <> asked_by),
  check (num_nonnulls(decided_by, decided_at) = case when state in ('granted', 'refused', 'ended') then 2 else 0 end),
  check ((until is null) = (state not in ('granted', 'ended'))),
  check (num_nonnulls(ended_by, ended_at) = case when state in ('ended', 'withdrawn') then 2 else 0 end),
  check (ended_at >= coalesce(decided_at, asked_at)),
  check ((looks = 0) = (looked_at is null)),
  check (looked_at >= decided_at and looked_at < until)
);
create unique index unsealing_open on unsealing (asked_by, coalesce(person_id, citizen_id)) where state = 'asked';
create index unsealing_citizen on unsealing (citizen_id) where citizen_id is not null;
create index unsealing_asked on unsealing (asked_at desc);
create index unsealing_words on unsealing (asked_at) where words is not null;

-- It goes one way.
-- +goose StatementBegin
create function unsealing_goes() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (old.state, new.state) not in (('asked', 'granted'), ('asked', 'refused'), ('asked', 'withdrawn'), ('granted', 'ended'))
      and not (old.state = 'granted' and new.state = 'granted' and new.looks = old.looks + 1 and (new.decided_by, new.decided_at, new.until) = (old.decided_by, old.decided_at, old.until)) then
    raise exception 'unsealing % does not go from % to %', old.id, old.state, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger unsealing_goes before update on unsealing for each row
  when ((old.state, old.decided_by, old.decided_at, old.until, old.ended_by, old.ended_at, old.looks, old.looked_at) is distinct from
    (new.state, new.decided_by, new.decided_at, new.until, new.ended_by, new.ended_at, new.looks, new.looked_at)) execute function unsealing_goes();
create constraint trigger unsealing_asked_journaled after insert on unsealing deferrable initially deferred for each row execute function journaled('unsealing', 'id', 'unsealing.asked');
create constraint trigger unsealing_journaled after update on unsealing deferrable initially deferred for each row
  when ((old.state, old.looks) is distinct from (new.state, new.looks)) execute function journaled('unsealing', 'id', 'unsealing');
create constraint trigger unsealing_erased after delete on unsealing deferrable initially deferred for each row execute function citizen_erased('citizen_id');
create trigger data_key_stands after insert or update of data_key on unsealing for each row when (new.data_key is not null) execute function data_key_stands();

-- Two accounts that were signed in with in one browser may be one human's.
create function unsealing_one_browser(uuid, uuid) returns boolean language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (select from session_device a join session_device b on b.device = a.device and b.person_id = $2 where a.person_id = $1)
$$;
revoke all on function unsealing_one_browser(uuid, uuid) from public;
grant execute on function unsealing_one_browser(uuid, uuid) to mandat_app;

alter table unsealing enable row level security;
-- An organisation sees that somebody was told who its citizen is: the citizen's next account says it.
create policy scope on unsealing to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy audit on unsealing for select to mandat_auditor using (true);
grant select, insert, delete on unsealing to mandat_app;
grant update (state, decided_by, decided_at, until, ended_by, ended_at, looks, looked_at, data_key, words) on unsealing to mandat_app;
grant select (id, person_id, citizen_id, organisation_id, reason, state, asked_by, asked_at, expires_at, decided_by, decided_at, until, ended_by, ended_at, looks, looked_at) on unsealing to mandat_auditor;
