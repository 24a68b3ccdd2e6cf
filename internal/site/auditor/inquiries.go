package auditor

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// Inquiries serves the pages on which auditors look into what the journal shows.
type Inquiries struct {
	Pages     *page.Pages
	Sessions  *session.Sessions
	Inquiries *inquiry.Register
	Press     *inquiry.Press
	Clock     *clock.Clock
	Reader    *journal.Reader // with the auditors' login
}

const inquiriesPath = "/audit/dossiers"

var (
	inquiries      = page.Link{Href: inquiriesPath, Text: "cases.list.title"}
	underInquiries = append(trail[:1:1], inquiries)
)

// Mount adds the routes.
func (s *Inquiries) Mount(r *page.Router) {
	r.Get(inquiriesPath, page.Auditor, s.list)
	r.Post(inquiriesPath, page.Auditor, s.open)
	r.Get(reportsPath, page.Auditor, s.findReport)
	r.Get("/audit/dossiers/{inquiry}", page.Auditor, s.show)
	r.Post("/audit/dossiers/{inquiry}/ecritures", page.Auditor, s.attach)
	r.Post("/audit/dossiers/{inquiry}/ecarts", page.Auditor, s.setAside)
	r.Post("/audit/dossiers/{inquiry}/notes", page.Auditor, s.note)
	r.Post("/audit/dossiers/{inquiry}/constats", page.Auditor, s.find)
	r.Post("/audit/dossiers/{inquiry}/mesures", page.Auditor, s.suspend)
	r.Post("/audit/dossiers/{inquiry}/levees", page.Auditor, s.lift)
	r.Post("/audit/dossiers/{inquiry}/decision", page.Auditor, s.decide)
	r.Post("/audit/dossiers/{inquiry}/cloture", page.Auditor, s.close)
	r.Post("/audit/dossiers/{inquiry}/reouverture", page.Auditor, s.reopen)
	r.Post("/audit/dossiers/{inquiry}/rapport", page.Auditor, s.report)
}

func (s *Inquiries) acts() staff.Acts {
	return staff.Acts{Sessions: s.Sessions, Clock: s.Clock, About: "inquiry", Refusal: refuseInquiry}
}

// refuseInquiry turns what the rules refuse into words.
func refuseInquiry(err error) error {
	for _, c := range []struct {
		err error
		key string
	}{
		{org.ErrYourself, "cases.problem.yourself"}, {inquiry.ErrOneBrowser, "cases.problem.one_browser"}, {inquiry.ErrDecider, "cases.problem.decider"}, {inquiry.ErrWaits, "cases.problem.waits"}, {inquiry.ErrOver, "cases.problem.over"},
		{inquiry.ErrFull, "cases.problem.full"}, {inquiry.ErrMeasure, "cases.problem.measure"}, {db.ErrConflict, "cases.problem.conflict"},
	} {
		if errors.Is(err, c.err) {
			return page.NewProblem(http.StatusConflict, c.key, inquiriesPath)
		}
	}
	if errors.Is(err, org.ErrMayNot) {
		return page.ErrForbidden
	}
	return err
}

type inquiriesPage struct {
	page.Common
	Index     int64 // the entry from which the page is looked at; -1: none
	Inquiries []inquiry.Inquiry
	Within    []inquiry.Inquiry // those that the entry is in
	Notice    string
}

// list shows all inquiries, or what an entry may be put in.
func (s *Inquiries) list(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	data := &inquiriesPage{Common: page.Common{Title: inquiries.Text, Trail: trail, Current: inquiriesPath, KeepQuery: []string{"rang"}}, Index: -1}
	if index, err := strconv.ParseInt(r.URL.Query().Get("rang"), 10, 64); err == nil && index >= 0 {
		data.Index = index
		if data.Within, err = s.Inquiries.List(r.Context(), at.Actor(), &index); err != nil {
			return refuseInquiry(err)
		}
	}
	if data.Inquiries, err = s.Inquiries.List(r.Context(), at.Actor(), nil); err != nil {
		return refuseInquiry(err)
	}
	if data.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "inquiry/list.html", data)
}

// Taking reports whether something may be put in an inquiry.
func (inquiriesPage) Taking(q inquiry.Inquiry) bool {
	return q.State == inquiry.Open || q.State == inquiry.Found
}

func (s *Inquiries) open(w http.ResponseWriter, r *http.Request) error {
	at, form, err := staff.Sent(r)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(form.Value("rang"), 10, 64)
	if err != nil || index < 0 {
		return db.ErrNotFound
	}
	q, err := s.Inquiries.Open(r.Context(), at.Actor(), index)
	if err != nil {
		return refuseInquiry(err)
	}
	return s.acts().Finish(w, r, at, inquiryPath(q.ID), "cases.done.open")
}

func inquiryPath(id uuid.UUID) string { return inquiriesPath + "/" + id.String() }

type inquiryPage struct {
	page.Common
	inquiry.Whole
	subjects
	Waiting, MayDecide bool
	Orders, Provisory  []order // what may be suspended by the decision, and at once
	Max                int
	Notice             string
	reader             uuid.UUID // who looks at the page
}

// order is something that may be suspended, as a form names it.
type order struct {
	Value, Kind, ID string
}

// Pseudonym is an id for the eye; "" for none.
func (inquiryPage) Pseudonym(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return journal.Pseudonym(id)
}

// Aside are the entries that may be set aside, and Standing the measures that may be lifted.
func (p inquiryPage) Aside() []inquiry.Attached {
	var out []inquiry.Attached
	for _, e := range p.Entries {
		if !e.Aside {
			out = append(out, e)
		}
	}
	return out
}

// Standing are the measures that may be lifted by who looks: not those that they decided.
func (p inquiryPage) Standing() []order {
	var out []order
	for _, m := range p.Measures {
		if m.State == inquiry.Stands && (m.Provisional || p.DecidedBy(m) != p.reader) {
			out = append(out, order{m.ID.String(), m.Kind, subjectOf(m.Kind, m.Person, m.Mandate)})
		}
	}
	return out
}

// Of is what a measure is about, for the eye.
func (inquiryPage) Of(m inquiry.Measure) string { return subjectOf(m.Kind, m.Person, m.Mandate) }

// Gravities and Outcomes are what a form offers.
func (inquiryPage) Gravities() []string { return inquiry.Gravities() }

// Outcomes are the decisions that a form offers.
func (inquiryPage) Outcomes() []string { return inquiry.Outcomes() }

func subjectOf(kind string, person, mandate uuid.UUID) string {
	if kind == inquiry.OfMandate {
		return journal.Pseudonym(mandate)
	}
	return journal.Pseudonym(person)
}

func (s *Inquiries) show(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "inquiry")
	if err != nil {
		return err
	}
	form, err := s.acts().Kept(r, inquiryPath(id), nil)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, form)
}

func (s *Inquiries) render(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	at, id, err := staff.WithID(r, "inquiry")
	if err != nil {
		return err
	}
	whole, err := s.Inquiries.Look(r.Context(), at.Actor(), id)
	if err != nil {
		return refuseInquiry(err)
	}
	data := &inquiryPage{Common: page.Common{Title: "cases.one.title", TitleArgs: map[string]any{"Number": whole.Name()}, Trail: underInquiries, Current: inquiriesPath, Form: form}, Whole: whole, reader: at.Person,
		Waiting: whole.Waits(s.Clock.Now()), Max: inquiry.WordsMax, MayDecide: whole.State == inquiry.Found}
	for _, f := range whole.Findings {
		if f.Round != whole.Round {
			continue
		}
		data.MayDecide = data.MayDecide && f.MadeBy != at.Person
		for _, kind := range f.Measures() {
			o := order{f.ID.String() + " " + kind, kind, subjectOf(kind, f.Person, f.Mandate)}
			data.Orders = append(data.Orders, o)
			if f.Gravity == inquiry.Grave {
				data.Provisory = append(data.Provisory, o)
			}
		}
	}
	data.MayDecide = data.MayDecide && !data.Waiting
	indexes := make([]int64, len(whole.Entries))
	for i, e := range whole.Entries {
		indexes[i] = e.Index
	}
	if data.subjects, err = subjectsAt(r.Context(), s.Reader, indexes); err != nil {
		return err
	}
	if data.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "inquiry/one.html", data)
}
