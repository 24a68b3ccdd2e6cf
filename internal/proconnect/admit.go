package proconnect

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/signin"
	"mandat/internal/upstream"
)

// asserted is what ProConnect's userinfo tells us, of what we ask.
type asserted struct {
	Email string `json:"email"`
	SIRET string `json:"siret"`
	IDP   string `json:"idp_id"`
}

// admit signs a recognised person in.
func (rp *RP) admit(w http.ResponseWriter, r *http.Request, at *session.Session, answer upstream.Answer) error {
	var told asserted
	if err := answer.Userinfo(&told); err != nil {
		return rp.refuse(r, at, wrongAnswer)
	}
	person, why, err := rp.recognise(r.Context(), answer, told)
	if err != nil {
		return err
	}
	if why == nil {
		why = rp.place(person, told.SIRET)
	}
	if why != nil {
		return rp.refuse(r, at, why.of(person.ID))
	}
	way, err := rp.way(r.Context(), person, session.ByProConnect, answer, told)
	if err != nil {
		return err
	}
	to, err := rp.door.Open(w, r, at, person, way)
	switch {
	case errors.Is(err, signin.ErrSuspended):
		return rp.refuse(r, at, suspended.of(person.ID))
	case errors.Is(err, signin.ErrNoPlace):
		return rp.refuse(r, at, noOrganisation.of(person.ID))
	case errors.Is(err, db.ErrConflict):
		return rp.refuse(r, nil, used)
	case err != nil:
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// way says how somebody came who came with an answer of ProConnect's. Its second factor counts for who has none of their own. Who has one
// comes in and reads; the first act that matters asks for it. A session at ProConnect lasts twelve hours, and must not be what it takes to
// sign, or to put one's own factor in the place of theirs.
func (rp *RP) way(ctx context.Context, p org.Person, method string, answer upstream.Answer, told asserted) (signin.Way, error) {
	way := signin.Way{Method: method, SIRET: told.SIRET, ACR: answer.ACR, IDP: label(told.IDP)}
	own, err := rp.factors.Has(ctx, p.ID)
	if err == nil && !own {
		way.Factor = session.Factor{Kind: session.FactorProConnect, At: rp.factorAt(answer)}
	}
	return way, err
}

// recognise finds the person whom ProConnect named, or says why they may not come in.
func (rp *RP) recognise(ctx context.Context, answer upstream.Answer, told asserted) (org.Person, *refusal, error) {
	if !slices.Contains(rp.acr, answer.ACR) {
		return org.Person{}, &weak, nil
	}
	person, err := rp.directory.Recognise(ctx, rp.provider.Issuer(), answer.Subject)
	if errors.Is(err, db.ErrNotFound) {
		return rp.meet(ctx, answer, told)
	}
	if err == nil && person.Suspended {
		return person, &suspended, nil
	}
	return person, nil, err
}

// meet is for a name that we do not know. When the address is known and the organisation is one of the person's, those who decide are
// asked, once, whether it is them: nobody is asked about somebody who comes from elsewhere.
func (rp *RP) meet(ctx context.Context, answer upstream.Answer, told asserted) (org.Person, *refusal, error) {
	email, err := org.Email(told.Email)
	if err != nil {
		return org.Person{}, &unknown, nil
	}
	person, err := rp.directory.FindByEmail(ctx, email)
	if errors.Is(err, db.ErrNotFound) {
		return org.Person{}, &unknown, nil
	}
	if err != nil {
		return person, nil, err
	}
	if person.Suspended || rp.place(person, told.SIRET) != nil {
		return person, &otherAccount, nil
	}
	err = rp.directory.AskIdentity(ctx, rp.provider.Issuer(), answer.Subject, person.ID)
	if errors.Is(err, db.ErrConflict) { // asked before, or refused
		return person, &otherAccount, nil
	}
	return person, &identityAsked, err
}

// place says why somebody may not come in who asserts this organisation: it is none of theirs, or they are suspended there. Who
// audits, administers or receives belongs to none.
func (rp *RP) place(p org.Person, siret string) *refusal {
	if p.Office() != "" {
		return nil
	}
	if len(p.Memberships) == 0 {
		return &noOrganisation
	}
	why := &wrongOrganisation
	for _, m := range p.Memberships {
		if m.Organisation.SIRET != siret {
			continue
		}
		if !m.Suspended {
			return nil
		}
		why = &suspended
	}
	return why
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
