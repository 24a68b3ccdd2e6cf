-- +goose Up

-- No question is asked in the order in which services were registered.
drop index client_registered;
