package card

import (
	"mandat/internal/envelope"
	"mandat/internal/wrapping"
)

// Wrapped is the column of the keys under which the seeds of cards are.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "credential_card",
		Read: `select serial, serial, data_key from credential_card where serial > $1
			and substr(data_key, 1, 5) = any ($2::bytea[]) order by serial limit $3`,
		Write: `update credential_card c set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (serial, was, data_key)
			where c.serial = n.serial and c.data_key = n.was`,
		Rewrap: func(keys *envelope.Keys, serial string, wrapped []byte) ([]byte, error) {
			return keys.RewrapDataKey(owner(serial), wrapped)
		},
	}
}
