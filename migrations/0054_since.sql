-- +goose Up

-- Of a request with max_age: when the browser first brought it. A second factor that was given since was given for it.
alter table idp_login add column asked_at timestamptz;
grant insert (asked_at) on idp_login to mandat_app;

-- Of a service: tokens and codes that it was given before are worth nothing. Null: all count.
alter table client add column tokens_since timestamptz;
grant update (tokens_since) on client to mandat_app;
