package wrapping

import (
	"github.com/google/uuid"

	"mandat/internal/envelope"
)

// Column is a column of wrapped keys, described by the package whose table it is in.
type Column struct {
	Table string
	// Read is a query for the rows after the one with id $1 ('': from the first), at most $3 (null: all), in the order of ids, whose wrapped key
	// begins with one of $2 (bytea[]): id and owner, as texts, and the wrapped key.
	Read string
	// Write is a statement that puts the wrapped keys $3 (bytea[]) in the place of $2 (bytea[]) in the rows $1 (text[]), if they are still there.
	// "": what is there passes within a day, and is only counted.
	Write string
	// Rewrap wraps a key anew; owner is what Read says. It returns envelope.ErrSealed when the key does not open.
	Rewrap func(keys *envelope.Keys, owner string, wrapped []byte) ([]byte, error)
}

// DataKey wraps anew the data key of an owner whose id Read says.
func DataKey(keys *envelope.Keys, owner string, wrapped []byte) ([]byte, error) {
	id, err := uuid.Parse(owner)
	if err != nil {
		return nil, envelope.ErrSealed
	}
	return keys.RewrapDataKey(id, wrapped)
}
