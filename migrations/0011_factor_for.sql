-- +goose Up

-- For which citizen a second factor is asked stands in the page that asks for it, and comes back with the answer. Of two such
-- pages in two tabs, the one that was opened last decides nothing about the other.
alter table session drop column asked_citizen;
alter table credential_challenge
  add column citizen_id uuid,
  add constraint credential_challenge_citizen check (citizen_id is null or purpose = 'step_up');
alter table session_attempt
  add column citizen_id uuid,
  add constraint session_attempt_citizen check (citizen_id is null or kind = 'step_up');
