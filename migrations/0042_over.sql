-- +goose Up

-- Why a power ended that keeps what the citizen agreed to before from being signed after it. Each signature asks, of one citizen.
create index mandate_power_over on mandate_power (citizen_id, ended_at) where end_reason in ('citizen', 'death', 'protection', 'transferred');
