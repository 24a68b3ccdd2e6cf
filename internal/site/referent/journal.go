package referent

import (
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/recipient"
	"mandat/internal/site/staff"
)

var journalLink = page.Link{Href: "/referent/journal", Text: "receiving.referent.title"}

// journalPage is what was done in the organisation, and what the charter has its referents check.
type journalPage struct {
	page.Common
	Lines  []done
	Older  string // address of the next page, "" when there is none
	Duties []duty
	Waits  []waits
	Checks []check
	Due    time.Time // when the list is due, zero: nobody went through it yet
	Late   bool
	Today  bool // somebody went through it today
	Notice string
}

// done is an entry as the page shows it.
type done struct {
	recipient.Done
	Who, To string // names of colleagues, or pseudonyms of who is none any more; "" for nobody
}

// Whom and What are the pseudonyms of the citizen and of the mandate, "" for none.
func (d done) Whom() string { return pseudonym(d.Citizen) }

// What is that of the mandate.
func (d done) What() string { return pseudonym(d.Mandate) }

func pseudonym(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return journal.Pseudonym(id)
}

// duty is something to check: its key, how much of it there is, and where it is dealt with.
type duty struct {
	Key   string
	Count int
	Href  string // "" where the aidants named below deal with it
}

// waits is a mandate that waits for something.
type waits struct {
	recipient.Unkept
	Who string
}

// Mandat is its pseudonym.
func (w waits) Mandat() string { return pseudonym(w.Mandate) }

// check is that somebody went through the list.
type check struct {
	recipient.Check
	Who string
}

func (s *Site) showJournal(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	f := page.FilledForm(r.URL.Query())
	p := &journalPage{Common: page.Common{Title: journalLink.Text, Current: home.Href, Trail: []page.Link{home}, KeepQuery: []string{"avant"}}}
	people, err := s.Directory.Team(r.Context(), at.Actor(), s.Clock.Now())
	if err != nil {
		return refusal(err)
	}
	before, _ := strconv.ParseInt(f.Value("avant"), 10, 64) // what is no number begins with the newest
	found, err := s.Recipients.OfOrganisation(r.Context(), at.Actor(), uuid.Nil, max(before, 0))
	if err != nil {
		return refusal(err)
	}
	for _, d := range found.Done {
		p.Lines = append(p.Lines, done{d, nameOf(people, d.Person), nameOf(people, d.Whom)})
	}
	if found.Next > 0 {
		p.Older = "/referent/journal?avant=" + strconv.FormatInt(found.Next, 10)
	}
	list, err := s.Recipients.Checklist(r.Context(), at.Actor())
	if err != nil {
		return refusal(err)
	}
	p.fill(list, people, s.Clock.Now())
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "referent/journal.html", p)
}

// fill puts the list on the page.
func (p *journalPage) fill(list recipient.Checklist, people []org.Colleague, now time.Time) {
	p.Duties = []duty{
		{"unkept", list.Counts.Unkept, ""}, {"unproven", list.Unproven, ""}, {"accounts", list.Accounts, ""}, {"forsaken", list.Forsaken, home.Href}, {"certificates", list.Certificates, team.Href},
		{"replies", list.Replies, findings.Href},
	}
	for _, u := range list.Unkept {
		p.Waits = append(p.Waits, waits{u, nameOf(people, u.Person)})
	}
	for _, c := range list.Checks {
		p.Checks = append(p.Checks, check{c, nameOf(people, c.By)})
	}
	if len(list.Checks) > 0 {
		last := list.Checks[0]
		p.Due = last.Due.Add(12 * time.Hour) // noon of the day is that day in Paris too
		p.Late, p.Today = last.Late(now), last.Today(now)
	}
}

// nameOf names a colleague; who is none has a pseudonym, and nobody is "".
func nameOf(people []org.Colleague, id uuid.UUID) string {
	for _, c := range people {
		if c.ID == id {
			return c.GivenName + " " + c.UsualName
		}
	}
	return pseudonym(id)
}

func (s *Site) doCheck(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, journalLink.Href, "receiving.referent.was_checked", func() error { return s.Recipients.Check(r.Context(), at.Actor()) })
}
