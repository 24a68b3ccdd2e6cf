package recipient

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/recipient"
	"mandat/internal/site/staff"
)

type signalsPage struct {
	page.Common
	Signals []recipient.Signal
	Notice  string
}

func (s *Site) listSignals(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &signalsPage{Common: page.Common{Title: signals.Text, Current: signalsPath, Trail: []page.Link{fraud}}}
	if p.Signals, err = s.Recipients.Signals(r.Context(), at.Actor()); err != nil {
		return refusal(err)
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "recipients/signals.html", p)
}

type signalPage struct {
	page.Common
	Kinds          []string
	Min, Max, Most int
}

// showSignal shows the form of a signal, with the entries that were ticked: numbers of the log, which say nothing of anybody.
func (s *Site) showSignal(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	ticked := page.FilledForm(r.URL.Query()).Values("entree")
	if len(ticked) > recipient.EntriesMost {
		ticked = ticked[:recipient.EntriesMost]
	}
	return s.acts().Begin(w, r, at, signalPath, url.Values{"entrees": {strings.Join(ticked, " ")}}, func(f *page.Form, status int) error { return s.renderSignal(w, r, status, f) })
}

func (s *Site) renderSignal(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	return s.Pages.Render(w, r, status, "recipients/signal.html", &signalPage{Common: page.Common{Title: "receiving.signal.title", Current: signalsPath, Trail: []page.Link{fraud, signals}, Form: form},
		Kinds: recipient.Kinds(), Min: recipient.WordsMin, Max: recipient.WordsMax, Most: recipient.EntriesMost})
}

func (s *Site) doSignal(w http.ResponseWriter, r *http.Request) error {
	at, f, err := staff.Sent(r)
	if err != nil {
		return err
	}
	kind := f.Choice("motif", recipient.Kinds()...)
	if kind == "" {
		f.Fail("motif", "receiving.signal.wrong.kind")
	}
	entries := places(f)
	if f.Failed() {
		return s.renderSignal(w, r, http.StatusUnprocessableEntity, f)
	}
	switch _, err := s.Recipients.Raise(r.Context(), at.Actor(), kind, entries, f.Value("raison")); {
	case errors.Is(err, recipient.ErrEntries):
		f.Fail("entrees", "receiving.signal.wrong.entries")
	case errors.Is(err, recipient.ErrWords):
		f.Fail("raison", "receiving.signal.wrong.words")
	case errors.Is(err, recipient.ErrSecret):
		f.Fail("raison", "receiving.signal.wrong.secret")
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, signalPath, f)
	case err != nil:
		return refused(r, err, signalsPath)
	default:
		return s.acts().Finish(w, r, at, signalsPath, "receiving.signals.was_raised")
	}
	return s.renderSignal(w, r, http.StatusUnprocessableEntity, f)
}

// places reads numbers of the log, between blanks or commas.
func places(f *page.Form) []int64 {
	var out []int64
	for _, text := range strings.FieldsFunc(f.Text("entrees", 500), func(c rune) bool { return c == ' ' || c == ',' || c == ';' }) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			f.Fail("entrees", "receiving.signal.wrong.entries")
			return nil
		}
		out = append(out, n)
	}
	return out
}
