package admin

import (
	"net/http"

	"mandat/internal/invitation"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type homePage struct {
	page.Common
	Waiting []waiting
	Tiles   []page.Link // Text is the beginning of keys
	Notice  string
}

// waiting is how much waits for an administrator, and where.
type waiting struct {
	Kind  string // "resets", "identities", "proposals", "jobs", "imports"
	Count int
	Href  string
}

func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &homePage{Common: page.Common{Title: "admin.home.title", Current: home.Href}, Tiles: []page.Link{
		{Href: "/admin/structures", Text: "admin.tile.organisations."}, {Href: "/admin/personnes", Text: "admin.tile.persons."},
		{Href: "/admin/imports", Text: "admin.tile.imports."}, {Href: "/admin/cartes", Text: "admin.tile.cards."},
		{Href: "/admin/reinitialisations", Text: "admin.tile.resets."}, {Href: "/admin/administrateurs", Text: "admin.tile.administrators."},
		{Href: recipients.Href, Text: "admin.tile.recipients."}, {Href: services.Href, Text: "admin.tile.services."}, {Href: keeping.Href, Text: "admin.tile.retention."}, {Href: "/admin/tableau", Text: "admin.tile.figures."}, {Href: "/admin/travaux", Text: "admin.tile.jobs."}}}
	if p.Waiting, err = s.waiting(r, at); err != nil {
		return refusal(err)
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/home.html", p)
}

func (s *Site) waiting(r *http.Request, at *session.Session) ([]waiting, error) {
	ctx := r.Context()
	resets, err := s.resets(r, at)
	if err != nil {
		return nil, err
	}
	proposals, err := s.Invitations.List(ctx, at.Actor())
	if err != nil {
		return nil, err
	}
	failed, err := s.Board.Failed(ctx)
	if err != nil {
		return nil, err
	}
	unfinished, err := s.Certifications.Unfinished(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := s.Directory.AskedIdentities(ctx, at.Actor())
	if err != nil {
		return nil, err
	}
	counts := []waiting{{Kind: "resets", Href: "/admin/reinitialisations"}, {Kind: "proposals", Href: "/admin/administrateurs"}, {Kind: "jobs", Href: "/admin/travaux"}, {Kind: "imports", Count: unfinished, Href: "/admin/imports"}}
	for _, x := range resets {
		counts[0].Count += one(x.MayApprove)
	}
	for _, x := range proposals {
		counts[1].Count += one(x.State == invitation.Proposed && x.InvitedBy != at.Person && !x.Late(s.Clock.Now()))
	}
	for _, x := range failed {
		counts[2].Count += one(x.Given)
	}
	for _, a := range asked {
		if !a.MayConfirm {
			continue
		}
		counts = append(counts, waiting{Kind: "identities", Count: 1, Href: personPath(a.Person)})
	}
	var out []waiting
	for _, c := range counts {
		if c.Count > 0 {
			out = append(out, c)
		}
	}
	return out, nil
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
