package draft

import "mandat/internal/wrapping"

// Wrapped is the column of the data keys of those for whom something is being drawn up.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "mandate_draft",
		Read: `select id::text, subject_id::text, data_key from mandate_draft where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
			and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
		Write: `update mandate_draft d set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key)
			where d.id = n.id::uuid and d.data_key = n.was`,
		Rewrap: wrapping.DataKey,
	}
}
