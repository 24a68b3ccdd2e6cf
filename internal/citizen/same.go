package citizen

import (
	"crypto/subtle"
	"strings"

	"github.com/google/uuid"
)

// Same tells whether somebody identified in one organisation is a citizen of another: organisation, the index of their row there, and the row. It is told inside
// the program: the row is opened only if one of the two was identified by a document, and nobody learns from the answer more than yes or no.
func (r *Register) Same(organisation uuid.UUID, index []byte, row Sealed, i Identity) (bool, error) {
	return r.same(organisation, index, row, i, samePerson)
}

// StillSame asks it again of two who were the same once. It does not look at birth places: of one person every document may spell another.
func (r *Register) StillSame(organisation uuid.UUID, index []byte, row Sealed, i Identity) (bool, error) {
	return r.same(organisation, index, row, i, sameName)
}

func (r *Register) same(organisation uuid.UUID, index []byte, row Sealed, i Identity, compare func(a, b Identity) bool) (bool, error) {
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
	return compare(there.Identity, i), nil
}

// samePerson compares what two organisations were told: what sameName does, and of two documents the birth town and the country, where both have one.
func samePerson(a, b Identity) bool {
	if byDocument(a) && byDocument(b) && (apart(a.BornTown, b.BornTown) || apart(a.BornCountry, b.BornCountry)) {
		return false
	}
	return sameName(a, b)
}

// sameName compares the subs, where FranceConnect told both; else birth name, first names and birth date, as they are folded to be compared.
func sameName(a, b Identity) bool {
	switch {
	case a.Sub == "" || b.Sub == "":
		return false
	case !byDocument(a) && !byDocument(b):
		return equal(a.Sub, b.Sub)
	}
	return equal(a.called(), b.called())
}

func byDocument(i Identity) bool { return strings.HasPrefix(i.Sub, documentSub) }

// apart reports whether two documents have other words for a place.
func apart(a, b string) bool { return a != "" && b != "" && !equal(letters(a), letters(b)) }

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
