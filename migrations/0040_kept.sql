-- +goose Up

-- What somebody had entered in a form when their second factor turned out to be too old may be a name, or what a citizen drew: it waits sealed (internal/envelope), for that
-- person in that session and for the page at kept_path. kept_for and kept are those of before, which servers that still run may write, and nobody reads.
alter table session
  add column kept_path text,
  add column kept_key bytea,
  add column kept_form bytea check (get_byte(kept_form, 0) = 1 and octet_length(kept_form) <= 262144 + 29), -- version, nonce and tag
  add constraint session_kept_form check (num_nulls(kept_path, kept_key, kept_form) in (0, 3));
update session set kept_for = null, kept = null where kept is not null;
