-- +goose Up

-- Whose page the browser is to come back to after a sign-in: of who signed in with it last. Somebody else who signs in there goes to where
-- their own work begins. null: of whoever signs in.
alter table session
  add column return_for uuid references person,
  add constraint session_return check (return_for is null or return_path is not null);
