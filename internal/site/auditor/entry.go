package auditor

import (
	"encoding/hex"
	"net/http"
	"strconv"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/page"
	"mandat/internal/session"
)

// near is an entry beside another one, in words; one without a line was forgotten.
type near struct {
	Index int64
	Line  *line
	Here  bool
}

type entryPage struct {
	page.Common
	Index      int64
	Line       *line // nil: it was forgotten
	Body       string
	Commitment string
	Near       []near
	Others     []line // of the same session
}

// atIndex is the index in the log that the path names.
func atIndex(r *http.Request) (int64, error) {
	index, err := strconv.ParseInt(r.PathValue("index"), 10, 64)
	if err != nil || index < 0 {
		return 0, db.ErrNotFound
	}
	return index, nil
}

func (s *Site) showEntry(w http.ResponseWriter, r *http.Request) error {
	index, err := atIndex(r)
	if err != nil {
		return err
	}
	v, err := s.Desk.View(r.Context(), session.From(r.Context()).Actor(), index)
	if err != nil {
		return err
	}
	data, err := s.entry(r, v)
	if err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "auditor/entry.html", data)
}

// entry is the page of what was read.
func (s *Site) entry(r *http.Request, v search.View) (*entryPage, error) {
	data := &entryPage{Common: page.Common{Title: "auditor.entry.title", TitleArgs: map[string]any{"Index": v.Index}, Trail: within, Current: "/audit/journal"},
		Index: v.Index, Commitment: hex.EncodeToString(v.Commitment[:])}
	entries := append([]journal.Entry{}, v.Session...)
	for _, n := range v.Near {
		if n.Entry != nil {
			entries = append(entries, *n.Entry)
		}
	}
	lines, err := s.lines(r.Context(), page.Lang(r), entries)
	if err != nil {
		return nil, err
	}
	data.Others, lines = lines[:len(v.Session)], lines[len(v.Session):]
	for _, n := range v.Near {
		x := near{Index: n.Index, Here: n.Index == v.Index}
		if n.Entry != nil {
			x.Line, lines = &lines[0], lines[1:]
		}
		if data.Near = append(data.Near, x); x.Here && x.Line != nil {
			data.Line, data.Body = x.Line, string(n.Entry.Body)
		}
	}
	return data, nil
}

func (s *Site) sendProof(w http.ResponseWriter, r *http.Request) error {
	return s.send(w, r, ".tlog-proof", func(proof, _ []byte) []byte { return proof })
}

func (s *Site) sendLine(w http.ResponseWriter, r *http.Request) error {
	return s.send(w, r, ".entry", func(_, line []byte) []byte { return line })
}

// send sends one of the two files of a proof. They are named alike, as the check of a proof wants them.
func (s *Site) send(w http.ResponseWriter, r *http.Request, suffix string, which func(proof, line []byte) []byte) error {
	index, err := atIndex(r)
	if err != nil {
		return err
	}
	proof, entry, err := s.Desk.Prove(r.Context(), session.From(r.Context()).Actor(), index)
	if err != nil {
		return err
	}
	page.SendBytes(w, "rang-"+strconv.FormatInt(index, 10)+suffix, which(proof, entry))
	return nil
}
