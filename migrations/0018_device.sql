-- +goose Up

-- Whether a browser is known to anybody is asked when its network has used up what it may do (session.Allow).
create index session_device_device on session_device (device);
