package auditor

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/page"
)

// timelineSize is how many entries a timeline shows at a time.
const timelineSize = 200

// timelinePage is everything that was done with one mandate, or for one citizen, in the order in which it was.
type timelinePage struct {
	page.Common
	Sort      string // mandate or citizen
	ID        uuid.UUID
	Pseudonym string
	Lines     []line // the oldest first
	Older     string
	Newest    bool   // this is the page of the newest ones
	Export    string // address of the page that takes them away
	Readings  string
}

func (s *Site) showMandate(w http.ResponseWriter, r *http.Request) error {
	return s.timeline(w, r, "mandate", "/audit/mandats/", "mandat", func(f *search.Filter, id uuid.UUID) { f.Mandate = id })
}

func (s *Site) showCitizen(w http.ResponseWriter, r *http.Request) error {
	return s.timeline(w, r, "citizen", "/audit/usagers/", "usager", func(f *search.Filter, id uuid.UUID) { f.Citizen = id })
}

func (s *Site) timeline(w http.ResponseWriter, r *http.Request, sort, path, field string, of func(*search.Filter, uuid.UUID)) error {
	id, err := uuid.Parse(r.PathValue(sort))
	if err != nil || id == uuid.Nil {
		return db.ErrNotFound
	}
	filter := search.Filter{Except: search.Readings()}
	of(&filter, id)
	if before, err := strconv.ParseInt(r.URL.Query().Get("avant"), 10, 64); err == nil && before > 0 {
		filter.Before = before
	}
	found, lines, err := s.search(r, filter, timelineSize)
	if err != nil {
		return err
	}
	slices.Reverse(lines)
	data := &timelinePage{Common: page.Common{Title: "auditor.timeline." + sort, TitleArgs: map[string]any{"ID": journal.Pseudonym(id)}, Trail: within, Current: "/audit/journal", KeepQuery: []string{"avant"}},
		Sort: sort, ID: id, Pseudonym: journal.Pseudonym(id), Lines: lines, Newest: filter.Before == 0, Export: "/audit/export?" + field + "=" + id.String(), Readings: "/audit/journal?acte=journal&" + field + "=" + id.String()}
	if found.Next > 0 {
		data.Older = path + id.String() + "?avant=" + strconv.FormatInt(found.Next, 10)
	}
	return s.Pages.Render(w, r, http.StatusOK, "auditor/timeline.html", data)
}
