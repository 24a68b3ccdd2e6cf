-- +goose Up

-- The words of auditors' reasons go a year after they were given (0062).
insert into retention_policy (key, unit, least, most, amount) values ('unsealing_words', 'day', 365, 365, 365);
