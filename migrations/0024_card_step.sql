-- +goose Up

-- The step of the last code by which the card was added, or that it gave before its person removed it: that code and those before it add it no more.
alter table credential_card add column last_step bigint not null default 0;
