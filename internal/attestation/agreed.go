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
	transfers            *terms.Transferred
	signed, begins, ends time.Time

	identifiedBy string // franceconnect, witnessed or known
	identified   time.Time
	consentBy    string // franceconnect, colleague or sms
	signedWith   string // passkey or code; "" before there was a difference
	reading      string // self, aloud or cannot_sign; "" when nobody said
	drawn        bool   // the citizen drew their signature by hand
	present      []terms.Present
	witness      *terms.Attested // the second colleague's word: when, and by which of the persons that entries name; their name is not told
	protection   time.Time
	informed     time.Time

	apart                 bool // consents were asked for apart: since version 2 of the terms
	payments, bankDetails time.Time

	endedAt time.Time // zero while it stands
	reason  string
}

// granted is one power.
type granted struct {
	name, body, warning procedure.Text
	level               procedure.Level
	ref                 string    // the one file it is for, "" for every one
	ends                time.Time // zero: with the mandate
	endedAt             time.Time // zero while it stands, or when it is not known which of several of one procedure this is
}

// read takes what documents say from a mandate.
func read(m mandate.Mandate, now time.Time) agreed {
	t := m.Terms
	a := agreed{organisation: t.Organisation, citizen: t.Citizen, days: t.Days, transfers: t.Transfers, signed: t.SignedAt, begins: t.Begins(), ends: t.EndsAt,
		identifiedBy: t.IdentifiedBy, identified: t.IdentifiedAt, consentBy: t.ConsentBy, signedWith: m.SignedWith, protection: t.NoProtection, informed: t.Informed,
		apart: t.Version > 1, payments: t.Payments, bankDetails: t.BankDetails, witness: t.Witness}
	if g := t.Agreement; g != nil {
		a.reading, a.drawn, a.present = g.Reading, g.Drawn != "", g.Present
	}
	for _, p := range t.Procedures {
		g := granted{name: p.Name, body: p.Body, warning: p.Warning, level: p.Level, ref: p.Case, ends: p.EndsAt}
		var of []mandate.Power // those of one procedure are told apart by a hash of their case, which nobody here can make
		for _, power := range m.Powers {
			if power.Procedure == p.Key {
				of = append(of, power)
			}
		}
		if len(of) == 1 {
			g.endedAt, _ = ending(of[0].EndedAt, of[0].EndReason, of[0].EndsAt, now)
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
