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

-- How much was done in each month of a time, in Paris; of one organisation of a department, or of all. As before (0071), but from what the statistics counted (0070) rather than from the entries: a large department has
-- too many for a page, and what is counted stays when somebody is erased, of whom the difference would tell.
-- +goose StatementBegin
create or replace function recipient_acts(one uuid, since timestamptz, until timestamptz) returns table (month date, action text, acts bigint) language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select s.month, s.action, sum(s.acts)::bigint from organisation o join statistics_month s on s.organisation_id = o.id
    where organisation_department(o.department_code, o.insee_code) = recipient_department() and (one is null or o.id = one)
      and s.month >= date_trunc('month', since at time zone 'Europe/Paris')::date and s.month <= (until at time zone 'Europe/Paris')::date and s.procedure = ''
      and s.action in ('mandate.signed', 'mandate.ended', 'power.used', 'power.accounted') group by 1, 2 order by 1, 2
$$;
-- +goose StatementEnd
