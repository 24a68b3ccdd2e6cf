-- +goose Up

-- A name at ProConnect that was refused is asked again when its person comes with it another day: who decides sees when it was refused before.
alter table person_identity add column refused_at timestamptz check (refused_at <= asked_at);
