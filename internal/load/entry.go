package load

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/journal/format"
)

// writer writes entries: their text as the journal writes it (docs/journal.md), in its canonical form, which a test holds it to. Going through maps as acts
// do would cost more than everything else here.
type writer struct {
	rows
	salts   func([]byte)
	commits []format.Hash
	next    int64 // id
}

// about is whom and what an entry is about.
type about struct{ organisation, person, citizen, mandate uuid.UUID }

func (w *writer) write(at time.Time, action string, a about, detail string) {
	body := fmt.Appendf(nil, `{"action":"%s","at":"%s","by":{"kind":"aidant","person":"%s"},"citizen":"%s","detail":{%s},"mandate":"%s","organisation":"%s"}`,
		action, journal.TimeText(at), a.person, a.citizen, detail, a.mandate, a.organisation)
	var salt [format.SaltSize]byte
	w.salts(salt[:])
	w.row(9)
	w.int8(w.next)
	w.time(at)
	w.text(action)
	w.id(a.organisation)
	w.id(a.person)
	w.id(a.citizen)
	w.id(a.mandate)
	w.bytes(salt[:])
	w.bytes(body)
	w.commits = append(w.commits, format.Commitment(salt, body))
	w.next++
}

// signed is the detail of mandate.signed. It names neither evidence nor the version of a draft: of these mandates there is none, and nobody identified anybody, as of
// those from before that was kept.
func (m *invented) signed(catalogue string) string {
	var given strings.Builder
	for n, p := range m.procedures {
		if n > 0 {
			given.WriteByte(',')
		}
		given.WriteString(`{"ends_at":"` + journal.TimeText(m.ends) + `","level":"act","procedure":"` + p.Key + `"}`)
	}
	before := journal.TimeText(m.identified)
	return fmt.Sprintf(`"catalogue":"%s","consent_by":"franceconnect","days":%d,"draft":"%s","ends_at":"%s","factor_at":"%s","identified_at":"%s","identified_by":"franceconnect","mails":true,"powers":[%s],"signed_with":"code","starts_at":"%s","terms_sha256":"%x"`,
		catalogue, m.days, m.draft, journal.TimeText(m.ends), before, before, given.String(), journal.TimeText(m.signedAt), m.digest)
}
