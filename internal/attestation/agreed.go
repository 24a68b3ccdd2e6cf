package attestation

import (
	"time"

	"mandat/internal/citizen"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// agreed is what documents say of a mandate: what was frozen on the day of its signature, and how it ended. It is read from the
// mandate here and nowhere else.
type agreed struct {
	organisation         terms.Party
	citizen              citizen.Identity
	powers               []granted
	days                 int // 0 when the last day was chosen
	signed, begins, ends time.Time

	identifiedBy string // franceconnect, witnessed or known; "" for the terms of version 1, which knew the first only
	identified   time.Time
	consentBy    string // franceconnect, colleague or sms; "" as above
	signedWith   string // passkey or code; "" when it is not known
	present      []person
	protection   time.Time
	informed     time.Time

	apart                      bool // consents were asked for apart: since version 2
	payments, bankDetails, red time.Time

	endedAt time.Time // zero while it stands
	reason  string
}

// granted is one power.
type granted struct {
	name, body, warning procedure.Text
	level               string    // see, act, sign or pay; "" for the terms of version 1
	ref                 string    // the one file it is for, "" for every one
	ends                time.Time // zero: with the mandate
	endedAt             time.Time // zero while it stands
	reason              string
}

// person is somebody who was in the room.
type person struct{ role, name string }

// read takes what documents say from a mandate.
func read(m mandate.Mandate, now time.Time) agreed {
	t := m.Terms
	a := agreed{organisation: t.Organisation, citizen: t.Citizen, days: t.Days, signed: t.SignedAt, begins: t.SignedAt, ends: t.EndsAt,
		identified: t.IdentifiedAt, protection: t.NoProtection, informed: t.Informed}
	for _, p := range t.Procedures {
		g := granted{name: p.Name, body: p.Body, warning: p.Warning}
		for _, power := range m.Powers {
			if power.Procedure == p.Key {
				g.endedAt, g.reason = ending(power.EndedAt, power.EndReason, power.EndsAt, now)
			}
		}
		a.powers = append(a.powers, g)
	}
	a.endedAt, a.reason = ending(m.EndedAt, m.EndReason, m.EndsAt, now)
	return a
}

// ending is when and why something ended. What is past its end may have no ending in the table yet: the next act that meets it
// writes it down.
func ending(ended *time.Time, reason string, ends, now time.Time) (time.Time, string) {
	switch {
	case ended != nil:
		return *ended, reason
	case !now.Before(ends):
		return ends, "expired"
	}
	return time.Time{}, ""
}
