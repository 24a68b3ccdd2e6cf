package credential

import "mandat/internal/wrapping"

// Wrapped is the column of the keys under which the seeds of generators are.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "credential_totp",
		Read: `select id::text, id::text, data_key from credential_totp where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
			and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
		Write: `update credential_totp g set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key)
			where g.id = n.id::uuid and g.data_key = n.was`,
		Rewrap: wrapping.DataKey,
	}
}
