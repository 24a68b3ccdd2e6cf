package mandate

import (
	"encoding/base64"

	"github.com/google/uuid"

	"mandat/internal/envelope"
)

// Identifier is the name of a mandate towards a sector of clients (the identifier of authorization_details, RFC 9396 §2.2): 43
// characters that stay the same for the mandate and the sector, and from which nobody without our index key computes the mandate, or
// its name in another sector. Nothing is stored for it.
func Identifier(keys *envelope.Keys, organisation, mandate uuid.UUID, sector string) (string, error) {
	index, err := keys.Index(organisation, "mandate.identifier", mandate.String()+":"+sector)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(index), nil
}
