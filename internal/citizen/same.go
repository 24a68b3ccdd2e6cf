package citizen

import (
	"crypto/subtle"
	"strings"

	"github.com/google/uuid"
)

// Same tells whether somebody identified in one organisation is a citizen of another: organisation, the index of their row there, and the row. It is told inside
// the program: the row is opened only if one of the two was identified by a document, and nobody learns from the answer more than yes or no.
func (r *Register) Same(organisation uuid.UUID, index []byte, row Sealed, i Identity) (bool, error) {
	same, err := r.Index(organisation, i.Sub)
	if err != nil {
		return false, err
	}
	if subtle.ConstantTimeCompare(same, index) == 1 {
		return true, nil
	}
	there, err := r.Open(row)
	if err != nil {
		return false, err
	}
	return samePerson(there.Identity, i), nil
}

// samePerson compares what two organisations were told: the subs, where FranceConnect told both; else birth name, first names and birth date, as they are folded to
// be compared, and the birth place where two documents have one.
func samePerson(a, b Identity) bool {
	byDocument := func(i Identity) bool { return strings.HasPrefix(i.Sub, documentSub) }
	switch {
	case a.Sub == "" || b.Sub == "":
		return false
	case !byDocument(a) && !byDocument(b):
		return equal(a.Sub, b.Sub)
	case byDocument(a) && byDocument(b) && a.BornTown != "" && b.BornTown != "" && !equal(letters(a.BornTown), letters(b.BornTown)):
		return false
	}
	return equal(a.called(), b.called())
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
