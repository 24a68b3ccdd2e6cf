package attestation

import (
	"errors"
	"slices"

	"github.com/google/uuid"
)

// Kind is what a document is about, as it stands in the table and in entries.
type Kind string

// The kinds of documents.
const (
	Given  Kind = "attestation" // what the mandate permits, for as long as it stands
	Ended  Kind = "end"         // that it has ended, when, why and by whom
	Report Kind = "report"      // the account of what was done; of several in time, each is an edition
)

// Size is that of the print.
type Size string

// The sizes of print.
const (
	Normal Size = "normal" // one page, unless there is more to say than fits
	Large  Size = "large"  // letters of 18 points and more
)

// Languages are those a document can be issued in, by ISO 639-1 code.
var Languages = []string{"fr", "en"}

// The refusals that callers tell apart.
var (
	ErrLanguage = errors.New("no document in this language")
	ErrKind     = errors.New("no document of this kind or size")
	ErrStands   = errors.New("the mandate has not ended")
)

// Sheet names a document of a mandate. Without a size it is in normal print.
type Sheet struct {
	Mandate uuid.UUID
	Kind    Kind
	Size    Size
	Lang    string
}

// check returns what is wrong with a sheet, of one of some kinds.
func (s *Sheet) check(kinds ...Kind) error {
	if s.Size == "" {
		s.Size = Normal
	}
	switch {
	case !slices.Contains(Languages, s.Lang):
		return ErrLanguage
	case !slices.Contains(kinds, s.Kind), s.Size != Normal && s.Size != Large:
		return ErrKind
	}
	return nil
}
