package certification

import "mandat/internal/wrapping"

// Wrapped is the column of the keys under which lists of results lie while they are taken in.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "certification_import",
		Read: `select id::text, id::text, data_key from certification_import where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
			and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
		Write: `update certification_import i set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key)
			where i.id = n.id::uuid and i.data_key = n.was`,
		Rewrap: wrapping.DataKey,
	}
}
