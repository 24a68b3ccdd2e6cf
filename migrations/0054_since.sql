-- +goose Up

-- Of a request with max_age: when the browser first brought it. A second factor that was given since was given for it.
alter table idp_login add column asked_at timestamptz;
grant insert (asked_at) on idp_login to mandat_app;
