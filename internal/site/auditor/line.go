package auditor

import (
	"context"
	"encoding/hex"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// line is one entry in a list: what it says, and the session in which it was done.
type line struct {
	*journal.Entry
	Says   string
	Place  string // name of the organisation, "" when it has none
	Origin session.Origin
	Known  bool // from where the session was opened is still kept
}

// Provable reports whether the entry is in the tree yet.
func (l line) Provable() bool { return l.Index >= 0 }

// InSession names the session: enough of its id to tell two apart; "" for what was done in none.
func (l line) InSession() string { return hex.EncodeToString(l.Session[:min(len(l.Session), 6)]) }

// Abouts are what an entry is about, and by whom it was done, with where more of it is.
func (l line) Abouts() []about {
	var out []about
	for _, a := range []about{
		{Sort: "mandate", ID: l.Mandate, Href: "/audit/mandats/"}, {Sort: "citizen", ID: l.Citizen, Href: "/audit/usagers/"},
		{Sort: "person", ID: l.Person, Href: "/audit/journal?personne="}, {Sort: "organisation", ID: l.Organisation, Href: "/audit/journal?structure="},
	} {
		if a.ID != uuid.Nil {
			a.Href += a.ID.String()
			if a.Sort == "organisation" {
				a.Name = l.Place
			}
			out = append(out, a)
		}
	}
	return out
}

// Unseals are those whose names may be asked for.
func (l line) Unseals() []about {
	var out []about
	for _, a := range []about{{Sort: "citizen", ID: l.Citizen, Href: "/audit/usagers/"}, {Sort: "person", ID: l.Person, Href: "/audit/personnes/"}} {
		if a.ID != uuid.Nil {
			a.Href += a.ID.String()
			out = append(out, a)
		}
	}
	return out
}

// about is something that an entry names by an id.
type about struct {
	Sort string
	ID   uuid.UUID
	Name string // of an organisation; people have none here
	Href string
}

// Pseudonym is what stands for it on a page: the name of an organisation, the id of anything else.
func (a about) Pseudonym() string {
	if a.Name != "" {
		return a.Name
	}
	return journal.Pseudonym(a.ID)
}

// lines are entries as lists show them.
func (s *Site) lines(ctx context.Context, lang string, entries []journal.Entry) ([]line, error) {
	ids := make([][]byte, len(entries))
	var there []uuid.UUID
	for i, e := range entries {
		ids[i], there = e.Session, with(there, e.Organisation)
	}
	origins, err := session.Origins(ctx, s.Auditor, ids)
	if err != nil {
		return nil, err
	}
	places, err := org.Names(ctx, s.Auditor, there)
	if err != nil {
		return nil, err
	}
	out := make([]line, len(entries))
	for i := range entries {
		e := &entries[i]
		says, err := meaning{text: s.Pages.Text, lang: lang, places: places}.of(e)
		if err != nil {
			return nil, err
		}
		origin, known := origins[string(e.Session)]
		out[i] = line{Entry: e, Says: says, Place: places[e.Organisation], Origin: origin, Known: known}
	}
	return out, nil
}

// search reads for the auditor of a request.
func (s *Site) search(r *http.Request, f search.Filter, limit int) (search.Found, []line, error) {
	found, err := s.Desk.Search(r.Context(), session.From(r.Context()).Actor(), f, limit)
	if err != nil {
		return found, nil, err
	}
	lines, err := s.lines(r.Context(), page.Lang(r), found.Entries)
	return found, lines, err
}
