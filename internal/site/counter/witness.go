package counter

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// witnessPage is counter/witness.html: for who has the draft, whom to send here; for the second colleague, what they attest.
type witnessPage struct {
	page.Common
	proposal
	Draft    draft.Draft
	Mine     bool
	Identity citizen.Identity
	Attested string // what they attest: SHA-256 of the terms, hexadecimal
	Holder   string // name of the aidant who has the draft
	Told     told
}

func witnessPath(id uuid.UUID) string { return "/brouillons/" + id.String() + "/temoin" }

func (s *Site) showWitness(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.anyDraft(r)
	if err != nil {
		return err
	}
	var form *page.Form
	if d.Person != at.Person && org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, witnessPath(d.ID), nil); err != nil {
			return err
		}
		if form.Value("version") != strconv.Itoa(d.Version) || form.Value("attested") == "" {
			form = nil
		}
	}
	return s.renderWitness(w, r, at, http.StatusOK, d, form)
}

func (s *Site) renderWitness(w http.ResponseWriter, r *http.Request, at *session.Session, status int, d draft.Draft, form *page.Form) error {
	p := &witnessPage{Common: page.Common{Title: "ladder.witness.title", Current: "/espace", Trail: []page.Link{home}, Form: form}, Draft: d, Mine: d.Person == at.Person}
	if p.Mine {
		if !staff.AwaitsColleague(d) {
			return s.goTo(w, r, staff.Step(d))
		}
		p.Current, p.Trail = "/mandats/nouveau", append(trail(d), page.Link{Href: staff.Step(d), Text: "aidant.recap.title"})
		return s.Pages.Render(w, r, status, "counter/witness.html", p)
	}
	shown, digest, err := s.Mandates.ForWitness(r.Context(), at.Actor(), d.ID)
	if err != nil {
		return notWitness(err)
	}
	o, err := s.Directory.Organisation(r.Context(), d.Organisation)
	if err != nil {
		return err
	}
	if p.proposal, err = s.propose(r.Context(), at.Actor(), o, shown, howOf(r, nil)); err != nil {
		return refusal(err)
	}
	p.Draft, p.Identity, p.Attested = shown, *shown.Identity, hex.EncodeToString(digest)
	if form.Value("attested") != p.Attested { // what they had ticked was about other terms
		p.Form = nil
	}
	if p.Holder, err = s.nameOf(r.Context(), d.Person); err != nil {
		return err
	}
	if p.Told, err = s.told(r, at, shown); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "counter/witness.html", p)
}

// notWitness says why somebody cannot attest a draft.
func notWitness(err error) error {
	switch {
	case errors.Is(err, draft.ErrWitness):
		return page.NewProblem(http.StatusConflict, "ladder.problem.own", "/espace")
	case errors.Is(err, draft.ErrState), errors.Is(err, draft.ErrSigned), errors.Is(err, mandate.ErrOtherTerms):
		return page.NewProblem(http.StatusConflict, "ladder.problem.not_waiting", "/espace")
	case errors.Is(err, mandate.ErrOtherCitizen):
		return page.NewProblem(http.StatusConflict, "ladder.problem.other_citizen", "/espace")
	case errors.Is(err, db.ErrNotFound):
		return draftGone()
	}
	return refusal(err)
}

func (s *Site) doWitness(w http.ResponseWriter, r *http.Request) error {
	at, d, err := s.anyDraft(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	version, _ := strconv.Atoi(form.Value("version"))
	shown, _ := hex.DecodeString(form.Value("attested"))
	for _, field := range []string{"seen", "heard"} {
		if !form.Ticked(field) {
			form.Fail(field, "ladder.witness.wrong."+field)
		}
	}
	switch {
	case d.Person == at.Person:
		return notWitness(draft.ErrWitness)
	case !staff.AwaitsColleague(d) || version != d.Version:
		return notWitness(draft.ErrState)
	case org.Fresh(at.Actor(), s.Clock.Now()) != nil:
		return s.Sessions.SendFormToStepUp(w, r, witnessPath(d.ID), form, "version", "attested", "seen", "heard")
	case form.Failed():
		return s.renderWitness(w, r, at, http.StatusUnprocessableEntity, d, form)
	}
	if err := s.Mandates.Witness(r.Context(), at.Actor(), d.ID, version, shown); err != nil {
		return notWitness(err)
	}
	if err := s.Sessions.Notify(r.Context(), at, "home", "ladder.witness.done"); err != nil {
		return err
	}
	return s.goTo(w, r, "/espace")
}

// nameOf returns a professional's name, "" when nobody is known by that id any more.
func (s *Site) nameOf(ctx context.Context, person uuid.UUID) (string, error) {
	p, err := s.Directory.Find(ctx, person)
	if errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return p.GivenName + " " + p.UsualName, nil
}
