// Package auditor is what auditors see: the journal, without a name in it, its export, and the comparison of the mandates
// with it. The pages read with the auditors' own database login, which has no right to citizens' data; taking an export
// is itself an act.
package auditor

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/page"
	"mandat/internal/session"
)

// Site serves the auditors' pages.
type Site struct {
	Pages   *page.Pages
	Journal *journal.Journal
	Auditor *db.DB // the auditors' login
	Log     *tree.Log
	Keys    *format.Keys // of the journal
	Clock   *clock.Clock
	Logger  *slog.Logger
}

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	r.Get("/audit", page.Auditor, s.showHome)
	r.Get("/audit/journal", page.Auditor, s.listEntries)
	r.Post("/audit/comparaison", page.Auditor, s.doCompare)
	r.Post("/audit/export", page.Auditor, s.doExport)
}

var trail = []page.Link{{Href: "/audit", Text: "auditor.home.title"}}

type homePage struct {
	page.Common
	Compared    bool
	Differences []journal.Difference
	Tree        string // the signed checkpoint, as it stands
}

func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	return s.home(w, r, nil, false)
}

func (s *Site) home(w http.ResponseWriter, r *http.Request, found []journal.Difference, compared bool) error {
	data := &homePage{Common: page.Common{Title: "auditor.home.title", Current: "/audit"}, Compared: compared, Differences: found}
	checkpoint, err := s.Log.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	data.Tree = string(checkpoint)
	return s.Pages.Render(w, r, http.StatusOK, "auditor/home.html", data)
}

// doCompare answers a POST with a page, because the result belongs to this moment and is nothing to come back to.
func (s *Site) doCompare(w http.ResponseWriter, r *http.Request) error {
	found, err := comparison.Run(r.Context(), s.Auditor)
	if err != nil {
		return err
	}
	return s.home(w, r, found, true)
}

// pageSize is how many entries are on a page.
const pageSize = 50

// line is one entry in the list, with the session in which it was done.
type line struct {
	journal.Entry
	Origin session.Origin
	Known  bool // from where the session was opened is still kept
}

// Provable reports whether the entry is in the tree yet.
func (l line) Provable() bool { return l.Index >= 0 }

// InSession names the session: enough of its id to tell two apart; "" for what was done in none.
func (l line) InSession() string { return hex.EncodeToString(l.Session[:min(len(l.Session), 6)]) }

type listPage struct {
	page.Common
	Actions []journal.Action
	Entries []line
	Older   string
}

func (s *Site) listEntries(w http.ResponseWriter, r *http.Request) error {
	f := page.FilledForm(r.URL.Query())
	filter, ok := filterOf(f)
	data := &listPage{Common: page.Common{Title: "auditor.list.title", Trail: trail, Current: "/audit/journal", Form: f}, Actions: journal.Actions()}
	if !ok {
		f.Fail("id", "auditor.list.not_an_id")
		return s.Pages.Render(w, r, http.StatusUnprocessableEntity, "auditor/list.html", data)
	}
	entries, err := journal.NewReader(s.Auditor).Page(r.Context(), filter, pageSize)
	if err != nil {
		return err
	}
	if data.Entries, err = s.lines(r.Context(), entries); err != nil {
		return err
	}
	if len(entries) == pageSize {
		q := url.Values{"before": {strconv.FormatInt(entries[len(entries)-1].ID, 10)}}
		if filter.Action != "" {
			q.Set("action", filter.Action)
		}
		if id := f.Value("id"); id != "" {
			q.Set("id", id)
		}
		data.Older = "/audit/journal?" + q.Encode()
	}
	return s.Pages.Render(w, r, http.StatusOK, "auditor/list.html", data)
}

// lines are entries with from where they were done.
func (s *Site) lines(ctx context.Context, entries []journal.Entry) ([]line, error) {
	ids := make([][]byte, len(entries))
	for i, e := range entries {
		ids[i] = e.Session
	}
	origins, err := session.Origins(ctx, s.Auditor, ids)
	if err != nil {
		return nil, err
	}
	out := make([]line, len(entries))
	for i, e := range entries {
		origin, known := origins[string(e.Session)]
		out[i] = line{Entry: e, Origin: origin, Known: known}
	}
	return out, nil
}

// filterOf reads the form: an action, if it is one of ours, and one id that may be anything's.
func filterOf(f *page.Form) (journal.Filter, bool) {
	var filter journal.Filter
	for _, a := range journal.Actions() {
		if f.Has("action", a.Name) {
			filter.Action = a.Name
		}
	}
	if text := f.Text("id", 36); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return filter, false
		}
		filter.Any = id
	}
	if before, err := strconv.ParseInt(f.Value("before"), 10, 64); err == nil {
		filter.Before = before
	}
	return filter, true
}

type exported struct {
	Size int64 `json:"size"` // entries the log had when the export began
}

// doExport records that the journal was taken out, then sends it. What fails on the way cuts the answer off: a file that
// looks whole and is not would be worse.
func (s *Site) doExport(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	size, err := s.size(r.Context())
	if err != nil {
		return err
	}
	err = s.Journal.Record(r.Context(), at.Actor(), func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "journal.exported", Detail: exported{size}}, nil
	})
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Content-Disposition", `attachment; filename="journal-`+now.Format("20060102T150405Z")+`.tar"`)
	out := tree.NewTar(w, now)
	_, err = tree.Export(r.Context(), s.Auditor, s.Keys, out)
	if err = errors.Join(err, out.Close()); err != nil {
		s.Logger.ErrorContext(r.Context(), "an export was cut off", slog.String("request", page.RequestID(r.Context())), slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (s *Site) size(ctx context.Context) (int64, error) {
	checkpoint, err := s.Log.Checkpoint(ctx)
	if err != nil {
		return 0, err
	}
	var origin string
	var size int64
	if _, err := fmt.Sscanf(string(checkpoint), "%s\n%d\n", &origin, &size); err != nil {
		return 0, fmt.Errorf("read checkpoint: %w", err)
	}
	return size, nil
}
