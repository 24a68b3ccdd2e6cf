package recipient

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/recipient"
	"mandat/internal/site/staff"
)

type fraudPage struct {
	page.Common
	Asked   bool // something was looked for
	Seen    []seen
	Next    int64
	Reached time.Time // what was done until then has not been looked through yet; zero: all was, or the page is full
	Span    int       // days that may be asked for
	OfOne   int       // of one account
	Most    int       // entries that a signal may name
}

// seen is an entry as the page shows it.
type seen struct {
	recipient.Seen
	Why string // its outcome in words
}

// Provable reports whether it has its place in the log, by which a signal names it.
func (s seen) Provable() bool { return s.Index >= 0 }

// Whom is the pseudonym of the citizen, "" when none was chosen yet; By that of the aidant.
func (s seen) Whom() string {
	if s.Citizen == uuid.Nil {
		return ""
	}
	return journal.Pseudonym(s.Citizen)
}

// By is the pseudonym of the aidant, "" for what the program did.
func (s seen) By() string {
	if s.Person == uuid.Nil {
		return ""
	}
	return journal.Pseudonym(s.Person)
}

func (s *Site) showFraud(w http.ResponseWriter, r *http.Request) error {
	today := s.Clock.Now().In(prose.Paris)
	form := page.FilledForm(url.Values{"du": {today.AddDate(0, 0, -6).Format(time.DateOnly)}, "au": {today.Format(time.DateOnly)}})
	return s.renderFraud(w, r, http.StatusOK, form, nil)
}

func (s *Site) renderFraud(w http.ResponseWriter, r *http.Request, status int, form *page.Form, found *recipient.Found) error {
	p := &fraudPage{Common: page.Common{Title: fraud.Text, Current: fraudPath, Form: form}, Asked: found != nil, Span: days(recipient.Span), OfOne: days(recipient.SpanOfOne), Most: recipient.EntriesMost}
	if found != nil {
		p.Next, p.Reached = found.Next, found.Reached
		for _, e := range found.Seen {
			member := "reason"
			if e.Action == "power.abandoned" {
				member = "why"
			}
			p.Seen = append(p.Seen, seen{e, staff.Said(s.Pages.Text, page.Lang(r), e.Action, member, e.Outcome)})
		}
	}
	return s.Pages.Render(w, r, status, "recipients/fraud.html", p)
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// doSearch answers a POST with a page: what identifies an account must not stand in an address.
func (s *Site) doSearch(w http.ResponseWriter, r *http.Request) error {
	at, form, err := staff.Sent(r)
	if err != nil {
		return err
	}
	wanted := wantedOf(form)
	if form.Failed() {
		return s.renderFraud(w, r, http.StatusUnprocessableEntity, form, nil)
	}
	found, err := s.Recipients.Search(r.Context(), at.Actor(), wanted)
	if errors.Is(err, recipient.ErrSpan) {
		form.Fail("au", "receiving.fraud.wrong.span")
		return s.renderFraud(w, r, http.StatusUnprocessableEntity, form, nil)
	}
	if err != nil {
		return refused(r, err, fraudPath)
	}
	return s.renderFraud(w, r, http.StatusOK, form, &found)
}

// wantedOf reads the form, and notes what is wrong with it.
func wantedOf(f *page.Form) recipient.Wanted {
	w := recipient.Wanted{Since: dayOf(f, "du"), Until: dayOf(f, "au").AddDate(0, 0, 1), Sub: strings.TrimSpace(f.Text("sub", 60))}
	if w.Sub != "" && !recipient.ValidSub(w.Sub) {
		f.Fail("sub", "receiving.fraud.wrong.sub")
	}
	if text := f.Text("usager", 60); text != "" {
		var err error
		if w.Citizen, err = uuid.Parse(strings.TrimSpace(text)); err != nil || w.Citizen == uuid.Nil {
			f.Fail("usager", "receiving.fraud.wrong.citizen")
		}
	}
	if before, err := strconv.ParseInt(f.Value("avant"), 10, 64); err == nil && before > 0 {
		w.Before = before
	}
	return w
}

// dayOf reads a day in Paris.
func dayOf(f *page.Form, name string) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, f.Text(name, 20), prose.Paris)
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		f.Fail(name, "receiving.fraud.wrong.day")
	}
	return at
}
