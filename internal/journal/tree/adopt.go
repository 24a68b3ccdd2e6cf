package tree

// AdoptSQL makes a PostgreSQL take over a journal that was grown on another one, after dump and load or pg_upgrade. The
// owner runs it once, on the copy that is to go on, while no server runs and after the original was stopped for good. The
// numbers of transactions, which stand with entries only to order those that are not in the tree yet, become one that is
// past everywhere; what is hashed is not touched. Servers still refuse a copy that is older than what they saw. A copy that was
// loaded beside the original, on the same PostgreSQL, is taken over in the same way.
const AdoptSQL = `begin;
lock table journal_entry, journal_tree in access exclusive mode;
alter table journal_entry disable trigger journal_entry_kept;
update journal_entry set xid = '3' where xid <> '3';
alter table journal_entry enable trigger journal_entry_kept;
alter table journal_tree disable trigger journal_tree_grows;
update journal_tree set xid = '0', cluster = (select system_identifier from pg_control_system());
alter table journal_tree enable trigger journal_tree_grows;
commit;
`
