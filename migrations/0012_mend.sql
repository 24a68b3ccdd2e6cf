-- +goose Up

-- The browser came back from ProConnect, signed in there or not: whoever signs out here is led to sign out there too.
alter table session add column proconnect boolean not null default false;
update session s set proconnect = true where exists (select from session o where o.browser = s.browser and (o.method = 'proconnect' or o.factor_kind = 'proconnect'));

-- When the browser was given its secret, if not at created_at: it is given another one when its person has more rights than then.
alter table session add column renewed_at timestamptz;
