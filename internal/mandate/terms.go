package mandate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/org"
	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/token"
)

// Days are the durations a mandate may have.
var Days = []int{1, 31, 182, 365}

// Terms is what the aidant enters with the citizen before anybody is identified.
type Terms struct {
	Procedures   []string // keys of the catalogue
	Days         int      // one of Days
	NoProtection bool     // the citizen declares to be under no protection measure (Code civil 425 ff.)
	Informed     bool     // the information notice was read with the citizen
}

// Check returns what is wrong with the terms, by field: "procedures": "none" or "unknown", "days": "invalid",
// "no_protection" and "informed": "missing". It is empty for good terms.
func (t Terms) Check(c *procedure.Catalogue) map[string]string {
	wrong := map[string]string{}
	if len(t.Procedures) == 0 {
		wrong["procedures"] = "none"
	}
	for i, key := range t.Procedures {
		if _, ok := c.Find(key); !ok || slices.Contains(t.Procedures[:i], key) {
			wrong["procedures"] = "unknown"
		}
	}
	if !slices.Contains(Days, t.Days) {
		wrong["days"] = "invalid"
	}
	if !t.NoProtection {
		wrong["no_protection"] = "missing"
	}
	if !t.Informed {
		wrong["informed"] = "missing"
	}
	return wrong
}

// EndOf returns when a mandate of some days, signed at t, ends: at 23:59:59 in Paris of its last day. One day is tomorrow,
// 31 the 31st day after.
func EndOf(t time.Time, days int) time.Time {
	day := t.In(prose.Paris)
	return time.Date(day.Year(), day.Month(), day.Day()+days, 23, 59, 59, 0, prose.Paris).UTC()
}

// FrozenTerms is what was agreed, as it was shown: later changes of names, addresses or catalogue do not reach it. It is
// sealed under the citizen's key, and its SHA-256 stands in the entry; the salt keeps that digest from telling anything.
type FrozenTerms struct {
	Version      int              `json:"version"`
	Salt         string           `json:"salt"`
	Organisation Party            `json:"organisation"`
	Citizen      citizen.Identity `json:"citizen"`
	Procedures   []FrozenPower    `json:"procedures"`
	Catalogue    string           `json:"catalogue"`
	Days         int              `json:"days"`
	SignedAt     time.Time        `json:"signed_at"`
	EndsAt       time.Time        `json:"ends_at"`
	IdentifiedAt time.Time        `json:"identified_at"`
	NoProtection time.Time        `json:"no_protection_declared_at"`
	Informed     time.Time        `json:"informed_at"`
}

// Party is the organisation as it was called that day.
type Party struct {
	Name     string `json:"name"`
	SIRET    string `json:"siret"`
	Address  string `json:"address"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
}

// FrozenPower is one procedure as it was called that day.
type FrozenPower struct {
	Key     string         `json:"key"`
	Theme   string         `json:"theme"`
	Name    procedure.Text `json:"name"`
	Body    procedure.Text `json:"body"`
	Warning procedure.Text `json:"warning,omitempty"`
}

// termsPurpose binds sealed terms to their mandate; it never changes. Those of another mandate of the same citizen do not
// open in its place.
func termsPurpose(mandate uuid.UUID) string { return "mandate.terms:" + mandate.String() }

func (r *Register) freeze(d *draftRow, o org.Organisation, i citizen.Identity, now time.Time) FrozenTerms {
	f := FrozenTerms{Version: 1, Salt: hex.EncodeToString(token.Bytes(32)), Citizen: i, Catalogue: r.catalogue.Version(),
		Organisation: Party{o.Name, o.SIRET, o.Address, o.Postcode, o.City, o.Phone, o.Email},
		Days:         d.Days, SignedAt: now, EndsAt: EndOf(now, d.Days), IdentifiedAt: d.IdentifiedAt, NoProtection: d.noProtectionAt, Informed: d.informedAt}
	f.Citizen.Sub, f.Citizen.Email = "", "" // the document needs neither
	for _, key := range d.Procedures {
		p, _ := r.catalogue.Find(key)
		f.Procedures = append(f.Procedures, FrozenPower{key, p.Theme, p.Name, p.Body, p.Warning})
	}
	return f
}

func (f FrozenTerms) encode() ([]byte, []byte, error) {
	plain, err := json.Marshal(f)
	if err != nil {
		return nil, nil, errors.New("terms: cannot be encoded")
	}
	digest := sha256.Sum256(plain)
	return plain, digest[:], nil
}
