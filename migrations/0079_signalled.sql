-- +goose Up

-- How many of these places in the log are entries that the fraud team sees, as before (0071); and who is in them is erased before that, or after what is signalled stands: an erasure, which
-- holds its citizen's row, takes the words with it, and of entries that it took nothing is signalled.
drop function recipient_fraud_holds(text[], bigint[]);
-- +goose StatementBegin
create function recipient_fraud_holds(clients text[], places bigint[]) returns bigint language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if current_setting('mandat.recipient', true) is distinct from 'fraud' then
    return 0;
  end if;
  perform from citizen c where c.id in (select e.citizen_id from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index = any (places)) order by c.id for share;
  return (select count(*) from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index = any (places) and recipient_fraud_sees(clients, e.action, e.body, e.mandate_id));
end $$;
-- +goose StatementEnd
revoke all on function recipient_fraud_holds(text[], bigint[]) from public;
grant execute on function recipient_fraud_holds(text[], bigint[]) to mandat_app;
