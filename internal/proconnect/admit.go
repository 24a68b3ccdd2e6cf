package proconnect

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/upstream"
)

// asserted is what ProConnect's userinfo tells us, of what we ask.
type asserted struct {
	Email string `json:"email"`
	SIRET string `json:"siret"`
	IDP   string `json:"idp_id"`
}

// opened is the detail of session.opened.
type opened struct {
	ACR string `json:"acr"`
	IDP string `json:"idp,omitempty"`
}

// admit signs a recognised person in.
func (rp *RP) admit(w http.ResponseWriter, r *http.Request, at *session.Session, attempt session.Attempt, answer upstream.Answer) error {
	ctx := r.Context()
	var told asserted
	if err := answer.Userinfo(&told); err != nil {
		return rp.refuse(r, at, wrongAnswer)
	}
	person, why, err := rp.recognise(ctx, answer, told)
	if err != nil {
		return err
	}
	if why != nil {
		return rp.refuse(r, at, *why)
	}
	who, ok := place(person, told.SIRET)
	if !ok {
		return rp.refuse(r, at, wrongOrganisation)
	}
	who.FactorAt, who.FactorKind, who.Method, who.Device = rp.factorAt(answer), session.FactorProConnect, session.ByProConnect, rp.sessions.Device(r)
	var secret session.Opened
	err = rp.journal.Record(ctx, who.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		secret, err = rp.sessions.Open(ctx, tx, at, who)
		return journal.Event{Action: "session.opened", Detail: opened{answer.ACR, label(told.IDP)}}, err
	})
	if errors.Is(err, db.ErrConflict) {
		return rp.refuse(r, nil, used)
	}
	if err != nil {
		return err
	}
	if err := rp.sessions.Carry(w, r, secret); err != nil {
		return err
	}
	back := attempt.ReturnPath
	if back == "/" || !session.Local(back) {
		back = who.Home()
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// recognise finds the person whom ProConnect named, or says why they may not come in.
func (rp *RP) recognise(ctx context.Context, answer upstream.Answer, told asserted) (org.Person, *refusal, error) {
	if !slices.Contains(rp.acr, answer.ACR) {
		return org.Person{}, &weak, nil
	}
	person, err := rp.directory.Recognise(ctx, rp.provider.Issuer(), answer.Subject)
	if errors.Is(err, db.ErrNotFound) {
		taken, err := rp.directory.EmailTaken(ctx, told.Email)
		if err != nil {
			return person, nil, err
		}
		if taken {
			return person, &otherAccount, nil
		}
		return person, &unknown, nil
	}
	if err != nil {
		return person, nil, err
	}
	if person.Suspended {
		return person, &suspended, nil
	}
	if len(person.Memberships) == 0 && !person.Auditor && !person.Administrator {
		return person, &noOrganisation, nil
	}
	return person, nil, nil
}

// place says for which organisations the person acts: first the one whose SIRET was asserted, of which they have to be.
// Auditors and administrators belong to none.
func place(p org.Person, siret string) (session.SignedIn, bool) {
	out := session.SignedIn{Person: p.ID, Places: session.Places(p, siret)}
	switch {
	case p.Auditor:
		out.Role = session.Auditor
	case p.Administrator:
		out.Role = session.Administrator
	case len(out.Places) == 0:
		return out, false
	}
	return out, len(out.Places) == 0 || slices.ContainsFunc(p.Memberships, func(m org.Membership) bool {
		return m.Organisation.ID == out.Places[0].Organisation && m.Organisation.SIRET == siret
	})
}

// label keeps a provider's identifier out of the journal when it is not one: at most 100 letters, digits and "-_.:".
func label(id string) string {
	if len(id) > 100 || slices.ContainsFunc([]byte(id), func(b byte) bool {
		return !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_' || b == '.' || b == ':')
	}) {
		return "other"
	}
	return id
}
