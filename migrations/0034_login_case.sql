-- +goose Up

-- The case that was chosen with the procedure: '' is a power for every case; as powers name it (mandate_power.case_ref).
alter table idp_login add column case_ref text;
grant update (case_ref) on idp_login to mandat_app;

-- +goose StatementBegin
create or replace function idp_login_fits(l idp_login) returns boolean language plpgsql immutable as $$
begin
  return (l.nonce is not null or l.challenge is not null) and (l.identified_by is null or l.identified_by = 'franceconnect') and (l.case_ref is null or l.procedure is not null) and case l.state
    when 'requested' then num_nonnulls(l.refusal, l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.released_at) = 0
    when 'citizen_chosen' then l.citizen_id is not null and num_nonnulls(l.refusal, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.released_at) = 0
    when 'code_issued' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.code_expires_at) = 0 and num_nonnulls(l.refusal, l.token_hash, l.released_at) = 0
    when 'token_issued' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.code_hash, l.token_hash, l.token_expires_at) = 0 and num_nonnulls(l.refusal, l.released_at) = 0
    when 'released' then num_nulls(l.citizen_id, l.mandate_id, l.procedure, l.identified_by, l.released_at) = 0 and l.refusal is null
    when 'refused' then num_nonnulls(l.code_hash, l.token_hash, l.released_at) = 0 and coalesce(l.refusal, '') in ('cancelled', 'no_power', 'not_allowed', 'aidant_inactive', 'session_over',
      'no_email', 'code_expired', 'code_replayed', 'wrong_client', 'wrong_redirect_uri', 'wrong_verifier', 'token_expired')
    else false end;
end $$;
-- +goose StatementEnd
