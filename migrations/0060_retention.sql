-- +goose Up

-- How long each sort of things is kept. Which sorts there are, and within which bounds a period may lie, is said here and by no page: what the law or the program
-- itself wants has one bound for both. docs/retention.md explains each.
create table retention_policy (
  key text primary key check (key ~ '^[a-z_]{1,40}$'),
  unit text not null check (unit in ('minute', 'hour', 'day', 'month', 'year')),
  least int not null check (least >= 0),
  most int not null check (most >= least),
  amount int not null constraint retention_policy_bounds check (amount between least and most),
  changed_at timestamptz,
  changed_by uuid references person,
  trial uuid, -- the dry run that was looked at before the change
  cutoff timestamptz, -- the next run takes nothing younger: it was not counted in that dry run
  check (num_nulls(changed_at, changed_by, trial) in (0, 3))
);
insert into retention_policy (key, unit, least, most, amount) values
  ('mandates', 'year', 6, 6, 6),
  ('drafts', 'hour', 24, 24, 24),
  ('consents', 'day', 90, 90, 90),
  ('telephones', 'hour', 24, 24, 24),
  ('telephone_seats', 'month', 6, 6, 6),
  ('identity_links', 'hour', 24, 24, 24),
  ('mail_links', 'day', 400, 400, 400),
  ('messages', 'day', 90, 90, 90),
  ('logins', 'hour', 24, 24, 24),
  ('decisions', 'day', 31, 31, 31),
  ('security_log', 'month', 6, 12, 12),
  ('session_origins', 'month', 6, 12, 12),
  ('devices', 'month', 3, 12, 12),
  ('sessions', 'minute', 30, 30, 30),
  ('attempts', 'minute', 30, 30, 30),
  ('invitations', 'day', 30, 30, 30),
  ('former_addresses', 'day', 7, 7, 7),
  ('unshown_contacts', 'minute', 15, 15, 15),
  ('mail_sign_ins', 'minute', 5, 5, 5),
  ('challenges', 'minute', 0, 0, 0),
  ('unfinished_factors', 'minute', 30, 30, 30),
  ('proofs', 'minute', 0, 0, 0),
  ('pushed_requests', 'minute', 0, 0, 0),
  ('sms_callbacks', 'minute', 11, 11, 11),
  ('allowances', 'minute', 0, 0, 0);

-- A dry run: how many things a period would let go, and how many a hold keeps, at a time. Nothing of them changes.
create table retention_trial (
  id uuid primary key,
  policy text not null references retention_policy,
  was int not null,
  amount int not null,
  due bigint not null check (due >= 0),
  held bigint not null check (held >= 0),
  cutoff timestamptz not null,
  made_at timestamptz not null,
  made_by uuid not null references person
);

-- What was done last, and in all.
create table retention_run (
  policy text primary key references retention_policy,
  at timestamptz not null,
  done bigint not null check (done >= 0),
  held bigint not null check (held >= 0),
  total bigint not null check (total >= done),
  done_at timestamptz -- when something went for the last time
);

grant select on retention_policy, retention_trial, retention_run to mandat_app, mandat_auditor;
grant update (amount, changed_at, changed_by, trial, cutoff) on retention_policy to mandat_app;
grant insert, delete on retention_trial to mandat_app;
grant insert, update on retention_run to mandat_app;

-- A period changes with its entry, as a dry run of the same person said that was made in the hour before.
-- +goose StatementBegin
create function retention_changed() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from (select action, person_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where action = 'retention.changed' and person_id = new.changed_by and detail ->> 'policy' = new.key and (detail ->> 'to')::int = new.amount and (detail ->> 'from')::int = old.amount
        and detail ->> 'trial' = new.trial::text)
    or not exists (select from retention_trial t where t.id = new.trial and t.policy = new.key and t.amount = new.amount and t.was = old.amount and t.made_by = new.changed_by
      and t.cutoff = new.cutoff and t.made_at > new.changed_at - interval '1 hour' and t.made_at <= new.changed_at) then
    raise exception 'the period of % changed without its entry and its dry run', new.key using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger retention_changed after update of amount on retention_policy deferrable initially deferred for each row
  when (old.amount <> new.amount) execute function retention_changed();

-- Whether a hold keeps what is about a citizen, or about anybody of an organisation, at a time.
-- +goose StatementBegin
create function erasure_held(organisation uuid, citizen uuid, now timestamptz) returns boolean language sql stable as $$
  select exists (select from public.erasure_hold h where h.organisation_id = organisation and (h.citizen_id is null or h.citizen_id = citizen) and h.released_at is null and h.until > now)
$$;
-- +goose StatementEnd
