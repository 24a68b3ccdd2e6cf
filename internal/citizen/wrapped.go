package citizen

import "mandat/internal/wrapping"

// Wrapped is the column of citizens' data keys.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "citizen",
		Read: `select id::text, id::text, data_key from citizen where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
			and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
		Write: `update citizen c set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key)
			where c.id = n.id::uuid and c.data_key = n.was`,
		Rewrap: wrapping.DataKey,
	}
}
