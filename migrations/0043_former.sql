-- +goose Up

-- The address that a citizen had until an act replaced it, sealed under their key, for the one message that goes there. It is forgotten once that went.
alter table notify_message
  add column former bytea,
  add constraint notify_message_former check (former is null or citizen_id is not null and kind = 'address_replaced');
