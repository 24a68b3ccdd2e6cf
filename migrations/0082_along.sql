-- +goose Up

-- A search reads a term in up to a thousand blocks, whose rows lie in a page each: in the index they lie side by side, with their places (docs/decisions/0048). At twenty million entries this takes about a minute, in which nobody searches.
alter table journal_search_term drop constraint journal_search_term_pkey;
alter table journal_search_term add primary key (term, first) include (places);

-- The index answers alone where PostgreSQL knows that everybody sees a page of the table, which vacuum notes: after each dozen blocks, and not after a fifth of all.
alter table journal_search_term set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000);
