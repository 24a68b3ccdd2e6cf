package terms_test

import (
	"errors"
	"testing"

	"mandat/internal/evidence"
	"mandat/internal/terms"
)

// Of who was in the room a name is told, which colleagues read and the evidence keeps: nothing that lets anybody pay, sign in or be taken for the citizen.
func TestAgreement_SaysNoNumberOfWhoWasThere(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"": true, "Paul Fictif": true, "Mme Olena Бондар (interprète, 06 12 34 56 78)": true,
		"NIR 1 85 05 78 006 084 91": false, "FR76 3000 6000 0112 3456 7890 189": false, "Paul, mot de passe : Soleil2024": false, "Paul\u3164": false, "P\u0430ul": false,
	} {
		a := terms.Agreement{Lang: "fr", Form: evidence.Plain, Reading: "self", Present: []terms.Present{{Role: "other", Name: name}}}
		if err := a.Check(); errors.Is(err, terms.ErrAgreement) == good || err != nil && good {
			t.Errorf("%+q: %v", name, err)
		}
	}
}
