package auditor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// exportForms are the forms of entries, in their order on the page.
var exportForms = []string{string(format.FormLines), string(format.FormJSON), string(format.FormJSONZip)}

type exportPage struct {
	page.Common
	Groups []group
	Forms  []string
}

// showExport shows what can be taken away: all of the journal, or a part. Who comes from a timeline finds its citizen or its mandate entered.
func (s *Site) showExport(w http.ResponseWriter, r *http.Request) error {
	return s.exportPage(w, r, http.StatusOK, page.FilledForm(r.URL.Query()))
}

func (s *Site) exportPage(w http.ResponseWriter, r *http.Request, status int, f *page.Form) error {
	return s.Pages.Render(w, r, status, "auditor/export.html", &exportPage{Common: page.Common{Title: "auditor.export.title", Trail: trail, Current: "/audit", Form: f}, Groups: groups(), Forms: exportForms})
}

// exported is what the entry says of an export: the stretch of the journal, and by what sorts of members it was filtered, not by which.
type exported struct {
	Size    int64       `json:"size"` // entries the log had when the export began
	From    int64       `json:"from,omitempty"`
	To      int64       `json:"to,omitempty"`
	Filters []string    `json:"filters,omitempty"`
	Form    format.Form `json:"form,omitempty"` // when it is not the usual one
}

// doExport records that the journal was taken out, then sends it. What fails on the way cuts the answer off: a file that
// looks whole and is not would be worse.
func (s *Site) doExport(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	f, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	size, err := s.size(r.Context())
	if err != nil {
		return err
	}
	asked, err := s.asked(r.Context(), f, size)
	if err != nil {
		return err
	}
	if f.Failed() {
		return s.exportPage(w, r, http.StatusUnprocessableEntity, f)
	}
	end, err := begin(&s.turns.exports, mostExports, "/audit/export")
	if err != nil {
		return err
	}
	defer end()
	if err := s.recordExport(r.Context(), at.Actor(), asked, size); err != nil {
		return refusal(err)
	}
	now := s.Clock.Now()
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Content-Disposition", `attachment; filename="journal-`+now.Format("20060102T150405Z")+`.tar"`)
	out := tree.NewTar(&steady{w, pieceWithin}, now)
	_, err = tree.ExportWanted(r.Context(), s.Auditor, s.Keys, tree.Wanted{Request: asked}, out)
	if err = errors.Join(err, out.Close()); err != nil {
		s.Logger.ErrorContext(r.Context(), "an export was cut off", slog.String("request", page.RequestID(r.Context())), slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
	return nil
}

// recordExport is the act: it is among the entries of the citizen whose entries are taken, and nobody takes any who is no auditor at that moment.
func (s *Site) recordExport(ctx context.Context, by journal.Actor, asked format.Request, size int64) error {
	detail := exported{Size: size, From: asked.From, To: asked.To, Filters: asked.Filter.Sorts()}
	if asked.Form != format.FormLines {
		detail.Form = asked.Form
	}
	event := journal.Event{Action: "journal.exported", Detail: detail}
	citizen, _ := uuid.Parse(asked.Filter.Citizen) // asked read both; uuid.Nil: none
	mandate, _ := uuid.Parse(asked.Filter.Mandate)
	if err := s.Desk.About(ctx, citizen, mandate, &event); err != nil {
		return err
	}
	return org.RecordAudit(ctx, s.Journal, by, event)
}

// asked reads what is wanted of a journal of this size. Times become indexes here, so that what is wrong with them is said before
// anything is recorded.
func (s *Site) asked(ctx context.Context, f *page.Form, size int64) (format.Request, error) {
	asked := format.Request{Form: format.Form(f.Choice("forme", exportForms...)), From: indexOf(f, "de"), To: indexOf(f, "a"), Since: instant(timeOf(f, "du", false)), Until: instant(timeOf(f, "au", true)),
		Filter: format.Filter{Organisation: idText(f, "structure"), Person: idText(f, "personne"), Citizen: idText(f, "usager"), Mandate: idText(f, "mandat")}}
	if asked.Form == "" {
		asked.Form = format.FormLines
	}
	for _, a := range journal.Actions() {
		if f.Has("acte", a.Name) {
			asked.Filter.Action = a.Name
		}
	}
	if f.Value("a") != "" && !f.Failed() {
		asked.To++ // the page says the last one, a request the one behind it
	}
	for _, both := range [][2]string{{"du", "de"}, {"au", "a"}} {
		if f.Value(both[0]) != "" && f.Value(both[1]) != "" {
			f.Fail(both[1], "auditor.export.both")
		}
	}
	if f.Failed() {
		return asked, nil
	}
	if asked.From >= max(size, 1) || asked.To > 0 && asked.To <= asked.From {
		f.Fail("de", "auditor.export.none")
		return asked, nil
	}
	found, err := tree.Resolve(ctx, s.Auditor, asked)
	if errors.Is(err, tree.ErrNone) || err == nil && found.From >= max(size, 1) {
		f.Fail("du", "auditor.export.none")
		return asked, nil
	}
	found.Since, found.Until = "", "" // they are indexes now
	return found, err
}

// indexOf reads the index of an entry; 0 when there is none.
func indexOf(f *page.Form, name string) int64 {
	text := f.Text(name, 20)
	if text == "" {
		return 0
	}
	n, err := format.ParseIndex(strings.Join(strings.Fields(text), ""))
	if err != nil {
		f.Fail(name, "auditor.export.not_an_index")
	}
	return n
}

// idText is idOf as filters have it.
func idText(f *page.Form, name string) string {
	if id := idOf(f, name); id != uuid.Nil {
		return id.String()
	}
	return ""
}

// instant is a time as requests have it; "" for none.
func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
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
