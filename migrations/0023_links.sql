-- +goose Up

-- The link of an invitation that was accepted without ProConnect leads its person back until they have a second factor. The act that gives them one ends
-- it. Whichever organisation that act is done for, the link is the person's: row security would hide another organisation's.
-- +goose StatementBegin
create function invitation_finished(uuid) returns void language sql security definer set search_path = pg_catalog, public as $$
  update invitation set token_hash = null where person_id = $1 and state = 'accepted' and token_hash is not null
$$;
-- +goose StatementEnd
revoke all on function invitation_finished(uuid) from public;
grant execute on function invitation_finished(uuid) to mandat_app;
create index invitation_unfinished on invitation (person_id) where state = 'accepted' and token_hash is not null;

-- Those of people who have, or had, a factor, and were led by them again once it was gone.
update invitation i set token_hash = null where state = 'accepted' and token_hash is not null
  and (exists (select from journal_entry e where e.person_id = i.person_id and e.action = 'factor.added')
    or exists (select from credential_reset r where r.person_id = i.person_id and r.state in ('done', 'used')));
