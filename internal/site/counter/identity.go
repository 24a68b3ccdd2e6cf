package counter

import (
	"errors"
	"net/http"
	"slices"

	"mandat/internal/draft"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// identityPage is counter/identity.html: the ways to tell who the citizen is, from the highest rung to the lowest.
type identityPage struct {
	page.Common
	Draft      draft.Draft
	Identified bool   // by who can still sign
	Refused    string // key of what FranceConnect answered, or of why to do it again; "" at first
	Document   rung
	Known      rung
}

// rung is a way below FranceConnect.
type rung struct {
	TooLow []needing // the procedures that need more: then it cannot be chosen
	Below  []string  // names of the procedures whose sites FranceConnect opens: not with a mandate that was identified so
}

// needing is a procedure, and the least with which a mandate may name it.
type needing struct {
	Name  string
	Needs procedure.Assurance
}

// mountLadder adds what comes after the terms: who the citizen is below FranceConnect, the second colleague, the answer by SMS, the citizen's screen.
func (s *Site) mountLadder(r *page.Router) {
	r.Get("/brouillons/{draft}/identite/piece", page.Aidant, s.showDocument)
	r.Post("/brouillons/{draft}/identite/piece", page.Aidant, s.doDocument)
	r.Get("/brouillons/{draft}/identite/connue", page.Aidant, s.showKnown)
	r.Post("/brouillons/{draft}/identite/connue", page.Aidant, s.doSearchKnown)
	r.Post("/brouillons/{draft}/identite/connue/choix", page.Aidant, s.doRecognise)
	r.Get("/brouillons/{draft}/temoin", page.Aidant, s.showWitness)
	r.Post("/brouillons/{draft}/temoin", page.Aidant, s.doWitness)
	r.Post("/brouillons/{draft}/sms", page.Aidant, s.doAsk)
	r.Post("/brouillons/{draft}/sms/annulation", page.Aidant, s.doCancelAsk)
	r.Get("/brouillons/{draft}/sms/etat", page.Aidant, s.sayAnswer)
	r.Get("/brouillons/{draft}/ecran", page.Aidant, s.showScreen)
	r.Post("/brouillons/{draft}/ecran", page.Aidant, s.doScreen)
}

func (s *Site) showIdentity(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	if d.State == draft.Signed || d.State == draft.Abandoned {
		return s.goTo(w, r, staff.Step(d))
	}
	refused, err := s.Sessions.Notice(r.Context(), at, noticeFor(d))
	if err != nil {
		return err
	}
	stands, err := s.stands(r, at, d)
	if err != nil {
		return err
	}
	p := &identityPage{Common: page.Common{Title: "aidant.identity.title", Current: "/mandats/nouveau", Trail: trail(d)[:2], FormOrigins: []string{s.FranceConnect}},
		Draft: d, Identified: stands && refused == "", Refused: refused, Document: s.rung(r, d, draft.ByDocument), Known: s.rung(r, d, draft.ByAcquaintance)}
	return s.Pages.Render(w, r, http.StatusOK, "counter/identity.html", p)
}

// rung says for which procedures of a draft a way is too low; when for none, which of them it does not open online.
func (s *Site) rung(r *http.Request, d draft.Draft, by string) rung {
	var out rung
	if low, ok := errors.AsType[*draft.TooLowError](s.Drafts.High(d.Terms.Procedures(), by)); ok {
		for _, key := range low.Procedures {
			p, _ := s.Catalogue.Find(key)
			out.TooLow = append(out.TooLow, needing{p.Name.In(page.Lang(r)), p.Identity})
		}
		return out
	}
	for _, key := range d.Terms.Procedures() {
		name := ""
		if p, known := s.Catalogue.Find(key); known && p.Reach == procedure.Direct {
			name = p.Name.In(page.Lang(r))
		}
		if name != "" && !slices.Contains(out.Below, name) {
			out.Below = append(out.Below, name)
		}
	}
	return out
}

// noticeFor names a draft among the session's notices.
func noticeFor(d draft.Draft) string { return "draft:" + d.ID.String() }

// trail is the way back from the last step of a draft.
func trail(d draft.Draft) []page.Link {
	return []page.Link{home, {Href: "/brouillons/" + d.ID.String(), Text: "aidant.terms.title"}, {Href: "/brouillons/" + d.ID.String() + "/identite", Text: "aidant.identity.title"}}
}

// identifyAgain leads back to the identification and says why.
func (s *Site) identifyAgain(w http.ResponseWriter, r *http.Request, at *session.Session, d draft.Draft, why string) error {
	if err := s.Sessions.Notify(r.Context(), at, noticeFor(d), why); err != nil {
		return err
	}
	return s.goTo(w, r, "/brouillons/"+d.ID.String()+"/identite")
}

func (s *Site) doDropIdentity(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.ownDraft(r)
	if err != nil {
		return err
	}
	err = s.Drafts.DropIdentity(r.Context(), at.Actor(), d.ID)
	if errors.Is(err, draft.ErrState) || errors.Is(err, draft.ErrSigned) {
		return s.goTo(w, r, staff.Step(d))
	}
	if err != nil {
		return refusal(err)
	}
	return s.identifyAgain(w, r, at, d, "aidant.refused.dropped")
}
