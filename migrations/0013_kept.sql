-- +goose Up

-- What somebody had entered in a form when their second factor turned out to be too old: it waits here, and not in an address, until they
-- have given it and come back. kept_for is the path of the form's page; kept is a query string (RFC 3986, section 3.4). It goes with the session.
alter table session
  add column kept_for text,
  add column kept text check (octet_length(kept) <= 262144),
  add constraint session_kept check ((kept is null) = (kept_for is null));
