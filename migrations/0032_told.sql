-- +goose Up

-- Whether what is known of a citizen has an e-mail address, which itself is sealed: kept at each signature, and taken for true of those whom nobody has looked at
-- since (what sends finds none then). And since when they want no mail of this organisation's.
alter table citizen
  add column has_email boolean not null default true,
  add column mails_refused_at timestamptz;
grant select (mails_refused_at) on citizen to mandat_auditor;

-- Beside a signature, a citizen's row changes by their own word on mails, and then nothing else of it does.
-- +goose StatementBegin
create or replace function citizen_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select from (select action, organisation_id, citizen_id from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where citizen_id = new.id and organisation_id = new.organisation_id and (action = 'mandate.signed'
        or tg_op = 'UPDATE' and action = case when new.mails_refused_at is null then 'citizen.mails_resumed' else 'citizen.mails_refused' end
          and to_jsonb(new) - 'mails_refused_at' = to_jsonb(old) - 'mails_refused_at')) then
    raise exception 'citizen % changed without their entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
-- +goose StatementEnd

-- The links in citizens' mails by which they refuse them: one for each mail, whose secret is in that mail alone.
create table citizen_mails_link (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  organisation_id uuid not null,
  citizen_id uuid not null references citizen,
  made_at timestamptz not null
);
create index citizen_mails_link_made on citizen_mails_link (made_at);
create index citizen_mails_link_citizen on citizen_mails_link (citizen_id);
alter table citizen_mails_link enable row level security;
create policy scope on citizen_mails_link to mandat_app using (organisation_id = nullif(current_setting('mandat.org', true), '')::uuid or current_setting('mandat.system', true) = 'on');
grant select, insert, delete on citizen_mails_link to mandat_app;

-- A message may be for a citizen, about a mandate of theirs. Of many uses within an hour those beyond the first are held, and collected in one message.
alter table notify_message
  add column citizen_id uuid,
  add column mandate_id uuid,
  add column collected_in uuid,
  drop constraint notify_message_state_check,
  drop constraint notify_message_check,
  drop constraint notify_message_check1;
alter table notify_message
  add constraint notify_message_state check (state in ('queued', 'held', 'collected', 'sent', 'dropped', 'failed')),
  add constraint notify_message_receiver check (num_nonnulls(person_id, invitation_id, citizen_id) = 1 and (mandate_id is null or citizen_id is not null)),
  add constraint notify_message_ended check ((state in ('queued', 'held')) = (ended_at is null)),
  add constraint notify_message_collected check ((state = 'collected') = (collected_in is not null) and (state not in ('held', 'collected') or citizen_id is not null));
create index notify_message_citizen on notify_message (citizen_id, created_at) where citizen_id is not null;
create index notify_message_held on notify_message (created_at) where state = 'held';
create index notify_message_collected on notify_message (collected_in) where collected_in is not null;

-- Mandates whose time was over lately are told, once.
create index mandate_ends on mandate (ends_at);
