-- +goose Up

-- An invitation is forgotten 30 days after it was accepted, withdrawn or over: its row names somebody who may never have come. The entries, which
-- name nobody, stay. No other row can be deleted.
grant delete on invitation to mandat_app;
create policy ended on invitation as restrictive for delete to mandat_app using (coalesce(decided_at, expires_at) < now() - interval '30 days');
