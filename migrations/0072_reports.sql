-- +goose Up

-- Papers that were made of inquiries (internal/inquiry). None is kept: it has words, which are forgotten one day, and who has one finds by its SHA-256 that it is ours. The paper has
-- a number made by chance in it, so that nobody finds its words by trying some.
create table inquiry_report (
  id uuid primary key,
  inquiry_id uuid not null references inquiry,
  organisation_id uuid references organisation, -- for whose referents it was made, of what concerns them; null: whole, for auditors
  state text not null check (state in ('open', 'found', 'decided', 'closed')), -- of the inquiry
  round int not null check (round >= 1),
  lang text not null check (lang in ('fr', 'en')),
  sha256 bytea not null unique check (octet_length(sha256) = 32), -- of the sealed PDF
  size bigint not null check (size >= 1), -- of the checkpoint that it names
  made_by uuid not null references person,
  made_at timestamptz not null
);
create index inquiry_report_of on inquiry_report (inquiry_id, made_at);
create constraint trigger inquiry_report_journaled after insert or update on inquiry_report deferrable initially deferred for each row execute function journaled('report', 'id', 'inquiry.reported');
alter table inquiry_report enable row level security;
create policy scope on inquiry_report to mandat_app using (organisation_id = (select nullif(current_setting('mandat.org', true), ''))::uuid or (select current_setting('mandat.system', true)) = 'on');
create policy audit on inquiry_report for select to mandat_auditor using (true);
grant select, insert on inquiry_report to mandat_app;
grant select on inquiry_report to mandat_auditor;

-- Words of auditors, and trials of rules, go by policies as all else.
insert into retention_policy (key, unit, least, most, amount) values
  ('inquiry_words', 'year', 6, 6, 6),
  ('anomaly_words', 'day', 365, 365, 365),
  ('anomaly_trials', 'day', 365, 365, 365);
grant delete on anomaly_trial to mandat_app;
grant select (person_id) on session_origin to mandat_app; -- a hold asks whose it is

-- Why a hold was released, by a word of the list. Those of before have none.
alter table erasure_hold add column release_reason text check (release_reason in ('over', 'lifted', 'mistaken')), add check (release_reason is null or released_at is not null);
grant update (release_reason) on erasure_hold to mandat_app;
-- +goose StatementBegin
create or replace function erasure_hold_journaled() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and old.released_at is not null then
    raise exception 'hold % was released', old.id using errcode = 'integrity_constraint_violation';
  end if;
  if not exists (select from (select action, organisation_id, citizen_id, body::jsonb -> 'detail' as detail from journal_entry where xid = pg_current_xact_id() offset 0) mine
      where organisation_id = new.organisation_id and citizen_id is not distinct from new.citizen_id and detail ->> 'hold' = new.id::text
      and (new.released_at is null and action = 'erasure.held' or new.released_at is not null and action = 'erasure.released' and detail ->> 'why' = new.release_reason)) then
    raise exception 'hold % changed without its entry', new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;

-- Whether a hold on everybody in an organisation keeps what is about a professional who works there, or did.
create function erasure_held_member(person uuid, now timestamptz) returns boolean language sql stable as $$
  select exists (select from public.membership m join public.erasure_hold h on h.organisation_id = m.organisation_id
    where m.person_id = person and h.citizen_id is null and h.released_at is null and h.until > now)
$$;

-- Whether one keeps what entries of the log are about: a citizen, or everybody in the organisation.
create function erasure_held_entries(indexes bigint[], now timestamptz) returns boolean language sql stable as $$
  select exists (select from public.erasure_hold h join public.journal_entry e on e.organisation_id = h.organisation_id and (h.citizen_id is null or h.citizen_id = e.citizen_id)
    join public.journal_leaf l on l.entry_id = e.id where l.index = any (indexes) and h.released_at is null and h.until > now)
$$;

-- Whether one keeps the words of an inquiry: of an organisation or a mandate about which something was found, or of an entry that is in it.
create function erasure_held_inquiry(inquiry uuid, now timestamptz) returns boolean language sql stable as $$
  select exists (select from public.inquiry_finding f left join public.mandate m on m.id = f.mandate_id
      where f.inquiry_id = inquiry and f.organisation_id is not null and public.erasure_held(f.organisation_id, m.citizen_id, now))
    or public.erasure_held_entries(array(select e.index from public.inquiry_entry e where e.inquiry_id = inquiry), now)
$$;

-- Whose draft it is: who signed, or who was identified and is known to the organisation; null: nobody whom it knows.
create function erasure_drafts_citizen(draft uuid) returns uuid language sql stable as $$
  select coalesce(m.citizen_id, c.id) from public.mandate_draft d left join public.mandate m on m.id = d.mandate_id
    left join public.citizen c on c.organisation_id = d.organisation_id and c.sub_index = d.sub_index where d.id = draft
$$;
-- +goose StatementEnd
