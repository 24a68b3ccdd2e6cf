-- +goose Up

-- Whose rows a statement sees is asked once for each statement, not for each row: a list goes through all mandates of an organisation.
alter policy scope on citizen using (organisation_id = (select nullif(current_setting('mandat.org', true), '')::uuid) or (select current_setting('mandat.system', true) = 'on'));
alter policy scope on mandate using (organisation_id = (select nullif(current_setting('mandat.org', true), '')::uuid) or (select current_setting('mandat.system', true) = 'on'));
alter policy scope on mandate_power using (organisation_id = (select nullif(current_setting('mandat.org', true), '')::uuid) or (select current_setting('mandat.system', true) = 'on'));
