-- +goose Up

-- A request to be told whom a pseudonym stands for that nobody answered in time keeps its auditor from no other one: whether one waits is a question of the time, which the act
-- asks under a lock (internal/unsealing).
drop index unsealing_open;
create index unsealing_waiting on unsealing (asked_by) where state = 'asked';

-- An inquiry that was not closed when somebody was erased whom its words may name: they go when it is.
alter table inquiry add column erased_at timestamptz;
grant update (erased_at) on inquiry to mandat_app;
