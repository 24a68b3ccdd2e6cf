-- +goose Up

-- Auditors' inquiries (internal/inquiry, docs/decisions/0037). What is said in words may name somebody: it is sealed, under a key of the inquiry, or of the finding, which the
-- organisation concerned reads too. Entries are named by their indexes in the log.
create table inquiry (
  id uuid primary key,
  year int not null check (year between 2000 and 2200),
  number int not null check (number between 1 and 99999),
  data_key bytea, -- null: its words are forgotten
  state text not null check (state in ('open', 'found', 'decided', 'closed')),
  round int not null default 1 check (round between 1 and 100), -- each reopening begins another
  opened_by uuid not null references person,
  opened_at timestamptz not null,
  closed_by uuid references person,
  closed_at timestamptz check (closed_at >= opened_at),
  check (num_nonnulls(closed_by, closed_at) = case when state = 'closed' then 2 else 0 end),
  unique (year, number)
);
create index inquiry_opened on inquiry (opened_at desc, id);
create table inquiry_note (
  id uuid primary key,
  inquiry_id uuid not null references inquiry,
  kind text not null check (kind in ('note', 'set_aside', 'provisional', 'decision', 'lifted', 'reopened')),
  words bytea check (octet_length(words) <= 20000), -- null: forgotten
  words_sha256 bytea not null check (octet_length(words_sha256) = 32), -- of the sealed words
  written_by uuid not null references person,
  written_at timestamptz not null
);
create index inquiry_note_of on inquiry_note (inquiry_id, written_at);
create table inquiry_entry (
  inquiry_id uuid not null references inquiry,
  index bigint not null check (index >= 0),
  attached_by uuid not null references person,
  attached_at timestamptz not null,
  set_aside uuid references inquiry_note, -- the reason
  primary key (inquiry_id, index)
);
create index inquiry_entry_index on inquiry_entry (index);
create table inquiry_finding (
  id uuid primary key,
  inquiry_id uuid not null references inquiry,
  round int not null,
  gravity text not null check (gravity in ('none', 'minor', 'grave')),
  organisation_id uuid references organisation,
  person_id uuid references person,
  mandate_id uuid,
  data_key bytea,
  words bytea check (octet_length(words) <= 20000),
  words_sha256 bytea not null check (octet_length(words_sha256) = 32),
  state text not null check (state in ('made', 'asked', 'replied', 'lapsed')), -- made: nobody is asked; lapsed: its term passed without a reply
  made_by uuid not null references person,
  made_at timestamptz not null,
  due_at timestamptz check (due_at > made_at),
  reply bytea check (octet_length(reply) <= 20000),
  reply_sha256 bytea check (octet_length(reply_sha256) = 32),
  replied_by uuid references person,
  replied_at timestamptz check (replied_at >= made_at and replied_at < due_at),
  outcome text check (outcome in ('none', 'warning', 'suspension')), -- of the decision of its round, as the organisation is told it
  decided_at timestamptz,
  check ((gravity = 'none') = (state = 'made') and (gravity = 'none') = (due_at is null)),
  check (gravity = 'none' or organisation_id is not null),
  check (person_id is null and mandate_id is null or organisation_id is not null),
  check (num_nonnulls(reply_sha256, replied_by, replied_at) = case when state = 'replied' then 3 else 0 end),
  check ((outcome is null) = (decided_at is null))
);
create index inquiry_finding_of on inquiry_finding (inquiry_id, made_at);
create index inquiry_finding_there on inquiry_finding (organisation_id, made_at desc) where gravity <> 'none';
create table inquiry_decision (
  inquiry_id uuid not null references inquiry,
  round int not null,
  outcome text not null check (outcome in ('none', 'warning', 'suspension')),
  note_id uuid not null references inquiry_note,
  decided_by uuid not null references person,
  decided_at timestamptz not null,
  primary key (inquiry_id, round)
);
-- What nobody, or somebody, may not do until it is lifted. One that is provisional ends with the decision unless that says otherwise. ordered and ending are states on the way: the
-- act that suspends, and the one that lifts, follow the decision (one act, one entry), by whoever decided or by the program.
create table inquiry_measure (
  id uuid primary key,
  inquiry_id uuid not null references inquiry,
  finding_id uuid not null references inquiry_finding,
  kind text not null check (kind in ('mandate', 'person_there', 'person')),
  organisation_id uuid not null references organisation,
  person_id uuid references person,
  mandate_id uuid,
  provisional boolean not null,
  state text not null check (state in ('ordered', 'stands', 'ending', 'ended')),
  ordered_by uuid not null references person,
  ordered_at timestamptz not null,
  stood_at timestamptz,
  ended_at timestamptz,
  check (num_nonnulls(person_id, mandate_id) = 1 and (mandate_id is null) = (kind <> 'mandate')),
  check ((stood_at is null) = (state = 'ordered')),
  check ((ended_at is null) = (state <> 'ended')),
  check (not provisional or state <> 'ordered')
);
create unique index inquiry_measure_standing on inquiry_measure (kind, coalesce(mandate_id, person_id), (case when kind = 'person_there' then organisation_id end)) nulls not distinct where state <> 'ended';
create index inquiry_measure_of on inquiry_measure (inquiry_id, ordered_at);
create index inquiry_measure_due on inquiry_measure (ordered_at) where state in ('ordered', 'ending');

-- Rows go one way, and whatever changes has its entry.
-- +goose StatementBegin
create function inquiry_goes() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_table_name = 'inquiry' and (old.state, new.state) not in (('open', 'found'), ('found', 'decided'), ('decided', 'closed'), ('closed', 'open'), ('decided', 'open'))
      or tg_table_name = 'inquiry_finding' and old.state <> new.state and old.state <> 'asked'
      or tg_table_name = 'inquiry_measure' and (old.state, new.state) not in (('ordered', 'stands'), ('stands', 'ending'), ('ending', 'ended'), ('stands', 'ended')) then
    raise exception 'a row of % does not go from % to %', tg_table_name, old.state, new.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger inquiry_goes before update on inquiry for each row when (old.state <> new.state) execute function inquiry_goes();
create trigger inquiry_finding_goes before update on inquiry_finding for each row when (old.state <> new.state) execute function inquiry_goes();
create trigger inquiry_measure_goes before update on inquiry_measure for each row when (old.state <> new.state) execute function inquiry_goes();
create constraint trigger inquiry_journaled after insert or update of state, round on inquiry deferrable initially deferred for each row execute function journaled('inquiry', 'id', 'inquiry');
create constraint trigger inquiry_note_journaled after insert on inquiry_note deferrable initially deferred for each row execute function journaled('inquiry', 'inquiry_id', 'inquiry', 'mandate', 'person');
create constraint trigger inquiry_entry_journaled after insert or update on inquiry_entry deferrable initially deferred for each row execute function journaled('inquiry', 'inquiry_id', 'inquiry');
create constraint trigger inquiry_finding_journaled after insert or update of state, outcome on inquiry_finding deferrable initially deferred for each row execute function journaled('inquiry', 'inquiry_id', 'inquiry');
create constraint trigger inquiry_decision_journaled after insert or update on inquiry_decision deferrable initially deferred for each row execute function journaled('inquiry', 'inquiry_id', 'inquiry');
create constraint trigger inquiry_measure_journaled after insert or update on inquiry_measure deferrable initially deferred for each row execute function journaled('inquiry', 'inquiry_id', 'inquiry', 'mandate', 'person');
create trigger data_key_stands after insert or update of data_key on inquiry for each row when (new.data_key is not null) execute function data_key_stands();
create trigger data_key_stands after insert or update of data_key on inquiry_finding for each row when (new.data_key is not null) execute function data_key_stands();

alter table inquiry enable row level security;
alter table inquiry_note enable row level security;
alter table inquiry_entry enable row level security;
alter table inquiry_finding enable row level security;
alter table inquiry_decision enable row level security;
alter table inquiry_measure enable row level security;
create policy scope on inquiry to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy scope on inquiry_note to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy scope on inquiry_entry to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy scope on inquiry_decision to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
create policy scope on inquiry_measure to mandat_app using ((select current_setting('mandat.system', true)) = 'on');
-- The organisation that a finding is about sees it, and replies.
create policy scope on inquiry_finding to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy audit on inquiry for select to mandat_auditor using (true);
create policy audit on inquiry_note for select to mandat_auditor using (true);
create policy audit on inquiry_entry for select to mandat_auditor using (true);
create policy audit on inquiry_finding for select to mandat_auditor using (true);
create policy audit on inquiry_decision for select to mandat_auditor using (true);
create policy audit on inquiry_measure for select to mandat_auditor using (true);
grant select, insert on inquiry, inquiry_note, inquiry_entry, inquiry_finding, inquiry_decision, inquiry_measure to mandat_app;
grant update (state, round, closed_by, closed_at, data_key) on inquiry to mandat_app;
grant update (words) on inquiry_note to mandat_app;
grant update (set_aside) on inquiry_entry to mandat_app;
grant update (state, reply, reply_sha256, replied_by, replied_at, outcome, decided_at, data_key, words) on inquiry_finding to mandat_app;
grant update (state, provisional, stood_at, ended_at) on inquiry_measure to mandat_app;
grant select (id, year, number, state, round, opened_by, opened_at, closed_by, closed_at) on inquiry to mandat_auditor;
grant select (id, inquiry_id, kind, words_sha256, written_by, written_at) on inquiry_note to mandat_auditor;
grant select (id, inquiry_id, round, gravity, organisation_id, person_id, mandate_id, words_sha256, state, made_by, made_at, due_at, reply_sha256, replied_by, replied_at, outcome, decided_at) on inquiry_finding to mandat_auditor;
grant select on inquiry_entry, inquiry_decision, inquiry_measure to mandat_auditor;

-- A mandate that auditors suspended gives nothing until that is lifted. Its powers say so, because they are what the rule asks.
alter table mandate_power add column suspended_at timestamptz;
grant update (suspended_at) on mandate_power to mandat_app;
-- +goose StatementBegin
create or replace function mandate_power_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  replaced boolean := false;
  suspended boolean := false;
begin
  if tg_op = 'UPDATE' and old.state <> 'ended' and new.state = 'ended' and new.end_reason in ('superseded', 'expired') then
    old.state := new.state;
    old.ended_at := new.ended_at;
    old.end_reason := new.end_reason;
    replaced := old is not distinct from new;
  elsif tg_op = 'UPDATE' and old.suspended_at is distinct from new.suspended_at then
    old.suspended_at := new.suspended_at;
    suspended := old is not distinct from new;
  end if;
  if not exists (select from (select action, organisation_id, citizen_id, mandate_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.citizen_id and organisation_id = new.organisation_id
      and (not suspended and action in ('mandate.signed', 'mandate.started') and (replaced or mandate_id = new.mandate_id)
        or not suspended and action in ('mandate.ended', 'power.ended') and mandate_id = new.mandate_id
        or suspended and action = case when new.suspended_at is null then 'mandate.resumed' else 'mandate.suspended' end and mandate_id = new.mandate_id)) then
    raise exception 'power of mandate % changed without its entry', new.mandate_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd
alter table decision_answer drop constraint decision_answer_reason_check,
  add constraint decision_answer_reason_check check (reason in ('', 'not_served', 'organisation_inactive', 'aidant_inactive', 'not_allowed', 'no_power', 'case', 'scheduled', 'expired', 'ended', 'suspended', 'level', 'identity'));

-- Whoever auditors suspended is reinstated by them alone; in the organisation, a role that ends and is given again is no way round it.
alter table person add column suspended_under uuid references inquiry;
alter table membership add column suspended_under uuid references inquiry;
