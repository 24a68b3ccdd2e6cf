-- +goose Up

-- A browser that asks for two pages at once may send the second request with the secret that the answer to the first has replaced. The old one
-- lets nobody in; it tells for half a minute that the browser has a session, which must not be covered by an empty one.
alter table session add column before bytea check (octet_length(before) = 32);
create index session_before on session (before) where before is not null;

-- When somebody may do more, the secret of their browser changes; a limit that is lifted is more.
alter table membership add column limited_at timestamptz;
alter table organisation add column limited_at timestamptz;
