-- +goose Up

-- The code of a commune begins with its department: two digits, or 2A and 2B in Corsica (Insee, Code officiel géographique). A row that holds what
-- is no code stops this migration: an organisation is not changed without an entry.
alter table organisation
  drop constraint organisation_insee_code_check,
  add constraint organisation_insee_code check (insee_code ~ '^([0-9]{2}|2[AB])[0-9]{3}$');
