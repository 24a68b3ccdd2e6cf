package auditor

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/sampling"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// Samples serves the pages of samples: entries to be looked at that nobody chose.
type Samples struct {
	*Site
	Samples *sampling.Register
}

const samplesPath = "/audit/echantillons"

var (
	samplesLink  = page.Link{Href: samplesPath, Text: "samples.list.title"}
	underSamples = append(trail[:1:1], samplesLink)
)

// Mount adds the routes.
func (s *Samples) Mount(r *page.Router) {
	r.Get(samplesPath, page.Auditor, s.list)
	r.Post(samplesPath, page.Auditor, s.order)
	r.Get("/audit/echantillons/{sample}", page.Auditor, s.show)
	r.Post("/audit/echantillons/{sample}/secret", page.Auditor, s.reveal)
	r.Post("/audit/echantillons/{sample}/ecritures", page.Auditor, s.check)
}

func (s *Samples) acts() staff.Acts {
	return staff.Acts{Sessions: s.Sessions, Clock: s.Clock, About: "sample", Refusal: refuseSample}
}

// refuseSample turns what the rules refuse into words.
func refuseSample(err error) error {
	for _, c := range []struct {
		err error
		key string
	}{
		{sampling.ErrWitnesses, "samples.problem.witnesses"}, {sampling.ErrAuthority, "samples.problem.authority"}, {sampling.ErrNotYet, "samples.problem.not_yet"}, {sampling.ErrStanding, "samples.problem.standing"},
		{sampling.ErrEarly, "samples.problem.early"}, {sampling.ErrNotBound, "samples.problem.conflict"}, {org.ErrYourself, "samples.problem.yourself"}, {db.ErrConflict, "samples.problem.conflict"},
	} {
		if errors.Is(err, c.err) {
			return page.NewProblem(http.StatusConflict, c.key, samplesPath)
		}
	}
	if errors.Is(err, org.ErrMayNot) {
		return page.ErrForbidden
	}
	return err
}

// sample is one as pages show it.
type sample struct{ sampling.Sample }

// Orderer is the pseudonym of who ordered it.
func (s sample) Orderer() string { return journal.Pseudonym(s.OrderedBy) }

// Drawer is the pseudonym of who drew it; "" is the program.
func (s sample) Drawer() string {
	if s.DrawnBy == uuid.Nil {
		return ""
	}
	return journal.Pseudonym(s.DrawnBy)
}

// Revealer is the pseudonym of who gave its secret; "" while nobody did.
func (s sample) Revealer() string {
	if s.SharedBy == uuid.Nil {
		return ""
	}
	return journal.Pseudonym(s.SharedBy)
}

// Done reports whether every entry of it was looked at.
func (s sample) Done() bool { return s.State == sampling.Drawn && s.Checked == s.Entries }

type samplesPage struct {
	page.Common
	Samples []sample
	Refused string // why nothing can be ordered; "": it can
	Groups  []group
	Themes  []procedure.Theme
	Reasons []string
	Most    int
	Notice  string
}

// list shows samples, and the form of an order.
func (s *Samples) list(w http.ResponseWriter, r *http.Request) error {
	return s.renderList(w, r, page.FilledForm(nil), http.StatusOK)
}

func (s *Samples) renderList(w http.ResponseWriter, r *http.Request, f *page.Form, status int) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	all, err := s.Samples.List(r.Context(), at.Actor())
	if err != nil {
		return refuseSample(err)
	}
	data := &samplesPage{Common: page.Common{Title: samplesLink.Text, Trail: trail, Current: samplesPath, Form: f}, Groups: groups(), Themes: s.Catalogue.Themes(), Reasons: sampling.Reasons(), Most: draw.Most}
	for _, one := range all {
		data.Samples = append(data.Samples, sample{one})
	}
	switch err := s.Samples.Refuses(); {
	case errors.Is(err, sampling.ErrWitnesses):
		data.Refused = "samples.refused.witnesses"
	case err != nil:
		data.Refused = "samples.refused.authority"
	}
	if data.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "sample/list.html", data)
}

// order orders a sample.
func (s *Samples) order(w http.ResponseWriter, r *http.Request) error {
	at, f, err := staff.Sent(r)
	if err != nil {
		return err
	}
	filter := filterOf(f)
	wish := sampling.Wish{Actions: filter.Actions, Organisation: filter.Organisation, Procedure: filter.Procedure, Service: filter.Service, Since: filter.From, Until: filter.To,
		Reason: f.Choice("motif", sampling.Reasons()...), Share: strings.ToLower(f.Text("empreinte", 64))}
	if wish.Wanted, err = strconv.Atoi(strings.TrimSpace(f.Value("nombre"))); err != nil {
		wish.Wanted = 0
	}
	if f.Failed() {
		return s.renderList(w, r, f, http.StatusUnprocessableEntity)
	}
	made, err := s.Samples.Order(r.Context(), at.Actor(), wish)
	switch {
	case errors.Is(err, sampling.ErrWanted):
		f.Fail("nombre", "samples.wrong.wanted")
	case errors.Is(err, sampling.ErrReason):
		f.Fail("motif", "samples.wrong.reason")
	case errors.Is(err, sampling.ErrPopulation):
		f.Fail("du", "samples.wrong.population")
	case errors.Is(err, draw.ErrShare):
		f.Fail("empreinte", "samples.wrong.digest")
	case err != nil:
		return refuseSample(err)
	default:
		return s.acts().Finish(w, r, at, samplePath(made.ID), "samples.done.ordered")
	}
	return s.renderList(w, r, f, http.StatusUnprocessableEntity)
}

func samplePath(id uuid.UUID) string { return samplesPath + "/" + id.String() }

// drawn is an entry of a sample as pages show it.
type drawn struct {
	sampling.Entry
	Line *line // nil: it was forgotten
	Mine bool  // who looks did it
}

// Who is the pseudonym of who looked at it.
func (d drawn) Who() string { return journal.Pseudonym(d.By) }

type samplePage struct {
	page.Common
	Sample     sample
	Order      draw.Order
	Place      int64 // of the order; negative: not in the log yet
	Waits      string
	Whole      sampling.Whole
	Population []about // what it was ordered of
	Procedure  string
	Drawn      []drawn
	Page, Last int
	Notice     string
}

// Before and After are the pages around this one; 0: there is none.
func (p samplePage) Before() int { return p.Page - 1 }

// After is the page after this one; 0: there is none.
func (p samplePage) After() int {
	if p.Page == p.Last {
		return 0
	}
	return p.Page + 1
}

const sampleSize = 25 // entries on a page

// show shows one sample, with a page of the entries that were drawn: that is a reading.
func (s *Samples) show(w http.ResponseWriter, r *http.Request) error {
	return s.renderOne(w, r, page.FilledForm(nil), http.StatusOK)
}

func (s *Samples) renderOne(w http.ResponseWriter, r *http.Request, f *page.Form, status int) error {
	at, id, err := staff.WithID(r, "sample")
	if err != nil {
		return err
	}
	whole, err := s.Samples.Look(r.Context(), at.Actor(), id)
	if err != nil {
		return refuseSample(err)
	}
	data := &samplePage{Common: page.Common{Title: "samples.one.title", TitleArgs: map[string]any{"Number": whole.Name()}, Trail: underSamples, Current: samplesPath, Form: f, KeepQuery: []string{"page"}},
		Sample: sample{whole.Sample}, Order: whole.Order, Place: whole.Place, Waits: whole.Waits, Whole: whole, Last: max(1, (len(whole.Drawn)+sampleSize-1)/sampleSize)}
	if data.Page, err = strconv.Atoi(r.URL.Query().Get("page")); err != nil || data.Page < 1 || data.Page > data.Last {
		data.Page = 1
	}
	if o, err := uuid.Parse(whole.Order.Population.Organisation); err == nil {
		data.Population = append(data.Population, about{Sort: "organisation", ID: o, Href: "/audit/journal?structure=" + o.String()})
	}
	if p, ok := procedure.Find(whole.Order.Population.Procedure); ok {
		data.Procedure = p.Name.In(page.Lang(r))
	}
	first := (data.Page - 1) * sampleSize
	if data.Drawn, err = s.drawn(r, at, id, whole.Drawn[min(first, len(whole.Drawn)):min(first+sampleSize, len(whole.Drawn))]); err != nil {
		return err
	}
	if data.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "sample/one.html", data)
}

// drawn reads entries of a sample.
func (s *Samples) drawn(r *http.Request, at *session.Session, id uuid.UUID, some []sampling.Entry) ([]drawn, error) {
	places := make([]int64, len(some))
	for i, e := range some {
		places[i] = e.Index
	}
	near, err := s.Desk.Drawn(r.Context(), at.Actor(), id, places)
	if err != nil {
		return nil, err
	}
	var entries []journal.Entry
	for _, n := range near {
		if n.Entry != nil {
			entries = append(entries, *n.Entry)
		}
	}
	lines, err := s.lines(r.Context(), page.Lang(r), entries)
	if err != nil {
		return nil, err
	}
	out := make([]drawn, len(some))
	for i, n := range near {
		out[i] = drawn{Entry: some[i]}
		if n.Entry != nil {
			out[i].Line, out[i].Mine, lines = &lines[0], n.Entry.Person == at.Person, lines[1:]
		}
	}
	return out, nil
}

// reveal gives the share to which the order of a sample is bound.
func (s *Samples) reveal(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "sample")
	if err != nil {
		return err
	}
	at, f, err := staff.Sent(r)
	if err != nil {
		return err
	}
	err = s.Samples.Reveal(r.Context(), at.Actor(), id, draw.Share(strings.ToLower(f.Text("secret", 64))))
	switch {
	case errors.Is(err, draw.ErrShare):
		wrong := page.FilledForm(nil) // what was entered is not shown again
		wrong.Fail("secret", "samples.wrong.secret")
		return s.renderOne(w, r, wrong, http.StatusUnprocessableEntity)
	case err != nil:
		return refuseSample(err)
	}
	return s.acts().Finish(w, r, at, samplePath(id), "samples.done.revealed")
}

// check says what came of an entry: nothing, or a case that is opened from it.
func (s *Samples) check(w http.ResponseWriter, r *http.Request) error {
	_, id, err := staff.WithID(r, "sample")
	if err != nil {
		return err
	}
	at, f, err := staff.Sent(r)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(f.Value("rang"), 10, 64)
	if err != nil || index < 0 {
		return db.ErrNotFound
	}
	back := samplePath(id)
	if n, err := strconv.Atoi(f.Value("page")); err == nil && n > 1 {
		back += "?page=" + strconv.Itoa(n)
	}
	if f.Value("suite") != sampling.InCase {
		return s.acts().Press(w, r, at, back, "samples.done.nothing", func() error { return s.Samples.Check(r.Context(), at.Actor(), id, index, uuid.Nil) })
	}
	return s.acts().Press(w, r, at, back, "samples.done.case", func() error { return s.intoCase(r, at, id, index) })
}

// intoCase opens a case from an entry, unless this auditor has one open that the entry is in: who presses twice has one case.
func (s *Samples) intoCase(r *http.Request, at *session.Session, id uuid.UUID, index int64) error {
	whole, err := s.Samples.Look(r.Context(), at.Actor(), id)
	if err != nil {
		return err
	}
	known := false
	for _, e := range whole.Drawn {
		if e.Index == index && e.Outcome != "" {
			return db.ErrConflict
		}
		known = known || e.Index == index
	}
	if !known {
		return db.ErrNotFound
	}
	in, err := s.Inquiries.List(r.Context(), at.Actor(), &index)
	if err != nil {
		return err
	}
	for _, q := range in {
		if q.OpenedBy == at.Person && q.State == inquiry.Open {
			return s.Samples.Check(r.Context(), at.Actor(), id, index, q.ID)
		}
	}
	q, err := s.Inquiries.Open(r.Context(), at.Actor(), index)
	if err != nil {
		return err
	}
	return s.Samples.Check(r.Context(), at.Actor(), id, index, q.ID)
}
