package terms

import (
	"errors"
	"slices"
	"unicode/utf8"

	"mandat/internal/citizen"
	"mandat/internal/evidence"
	"mandat/internal/private"
)

// ErrAgreement says that how a citizen agreed is not said rightly.
var ErrAgreement = errors.New("how the agreement was given is not said rightly")

// What an agreement may say.
var (
	Readings = []string{"self", "aloud", "cannot_sign"}
	Roles    = []string{"interpreter", "relative", "colleague", "other"}
	Forms    = []string{evidence.Plain, evidence.FALC, evidence.Translation}
)

const maxPresent = 5

// Check returns ErrAgreement unless the agreement says in which language and form the recap was read, how, and in whose presence, of whom a
// name and no number or secret is told (private.Holds); or ErrDrawing when what was drawn is not what it says.
func (a *Agreement) Check() error {
	if a == nil || a.Lang == "" || len(a.Lang) > 12 || !slices.Contains(Forms, a.Form) || !slices.Contains(Readings, a.Reading) || len(a.Present) > maxPresent || utf8.RuneCountInString(a.Understood) > 64 {
		return ErrAgreement
	}
	if err := a.checkDrawing(); err != nil {
		return err
	}
	for _, p := range a.Present {
		if !slices.Contains(Roles, p.Role) || !citizen.Name(p.Name) || private.Holds(p.Name) != "" {
			return ErrAgreement
		}
	}
	return nil
}
