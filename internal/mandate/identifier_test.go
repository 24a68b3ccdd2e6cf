package mandate_test

import (
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// The name of a mandate is one for each sector, mandate and organisation, the same each time, and tells nothing of the mandate's id.
func TestIdentifier_IsPairwise(t *testing.T) {
	t.Parallel()
	keys := fixture.Keys(t)
	here, there, one, two := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	seen := map[string]int{}
	for n, of := range []struct {
		organisation, mandate uuid.UUID
		sector                string
	}{{here, one, "impots"}, {here, one, "caf"}, {here, two, "impots"}, {there, one, "impots"}} {
		id, err := mandate.Identifier(keys, of.organisation, of.mandate, of.sector)
		if again, _ := mandate.Identifier(keys, of.organisation, of.mandate, of.sector); err != nil || len(id) != 43 || again != id {
			t.Fatalf("%q, then %q: %v", id, again, err)
		}
		if before, double := seen[id]; double {
			t.Errorf("%d and %d are called the same", before, n)
		}
		seen[id] = n
	}
}
