package recipient

import (
	"net/http"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/recipient"
	"mandat/internal/site/staff"
)

type departmentPage struct {
	page.Common
	Code   string
	Places []place
	Months []month
	Active int // organisations that are open
}

// place is an organisation as the pages show it.
type place struct{ recipient.Place }

// Grave counts the grave findings there, Minor the others.
func (p place) Grave() int { return p.count("grave") }

// Minor counts the findings that are not grave.
func (p place) Minor() int { return p.count("minor") }

func (p place) count(gravity string) int {
	n := 0
	for _, f := range p.Findings {
		if f.Gravity == gravity {
			n += f.Count
		}
	}
	return n
}

// month is one of the table.
type month struct {
	recipient.Month
	Text string // it and its year, in words
}

func monthsOf(lang string, all []recipient.Month) []month {
	var out []month
	for _, m := range all {
		out = append(out, month{m, prose.Day(lang, m.Of.Year(), m.Of.Month(), 0)})
	}
	return out
}

func (s *Site) showDepartment(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	d, err := s.Recipients.Department(r.Context(), at.Actor())
	if err != nil {
		return refused(r, err, prefecturePath)
	}
	p := &departmentPage{Common: page.Common{Title: prefecture.Text, TitleArgs: map[string]any{"Code": d.Code}, Current: prefecturePath}, Code: d.Code, Months: monthsOf(page.Lang(r), d.Months)}
	for _, x := range d.Places {
		p.Places = append(p.Places, place{x})
		if x.State == "open" {
			p.Active++
		}
	}
	return s.Pages.Render(w, r, http.StatusOK, "recipients/department.html", p)
}

type organisationPage struct {
	page.Common
	Place  place
	Kind   string
	Months []month
}

func (s *Site) showOrganisation(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "structure")
	if err != nil {
		return err
	}
	d, err := s.Recipients.Organisation(r.Context(), at.Actor(), id)
	if err != nil {
		return refused(r, err, prefecturePath)
	}
	one := d.Places[0]
	back := page.Link{Href: prefecturePath, Text: "receiving.prefecture.back"}
	p := &organisationPage{Common: page.Common{Title: "receiving.organisation.title", TitleArgs: map[string]any{"Name": one.Name}, Current: prefecturePath, Trail: []page.Link{back}}, Place: place{one},
		Kind: staff.Kind(page.Lang(r), org.Organisation{Kind: one.Kind, KindOther: one.KindOther}), Months: monthsOf(page.Lang(r), d.Months)}
	return s.Pages.Render(w, r, http.StatusOK, "recipients/organisation.html", p)
}
