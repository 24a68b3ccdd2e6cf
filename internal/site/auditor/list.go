package auditor

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
)

// pageSize is how many entries are on a page.
const pageSize = 50

// group is what is done to one sort of thing: its noun, and the actions.
type group struct {
	Noun    string
	Actions []journal.Action
}

// groups are the actions by their nouns, in the order of the first of each.
func groups() []group {
	var out []group
	at := map[string]int{}
	for _, a := range journal.Actions() {
		noun, _, _ := strings.Cut(a.Name, ".")
		if _, known := at[noun]; !known {
			at[noun] = len(out)
			out = append(out, group{Noun: noun})
		}
		out[at[noun]].Actions = append(out[at[noun]].Actions, a)
	}
	return out
}

type listPage struct {
	page.Common
	Groups []group
	Themes []procedure.Theme
	Lines  []line
	Found  search.Found
	Older  string // address of the next page, "" when there is none
	Asked  bool   // something is looked for

	Narrowed, Dated bool // by what is folded otherwise: who and what, days and hours
}

// filled reports whether something was entered in one of these fields.
func filled(f *page.Form, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return f.Value(name) != "" })
}

// read reads the form. The SIRET of an organisation, which is what a citizen's paper has of it, becomes its id.
func (s *Site) read(ctx context.Context, q url.Values) (*page.Form, error) {
	siret := strings.Join(strings.Fields(q.Get("structure")), "")
	if !org.ValidSIRET(siret) {
		return page.FilledForm(q), nil
	}
	id, err := org.WithSIRET(ctx, s.Auditor, siret)
	if id != uuid.Nil {
		q.Set("structure", id.String())
	}
	f := page.FilledForm(q)
	if id == uuid.Nil {
		f.Fail("structure", "auditor.list.no_siret")
	}
	return f, err
}

func (s *Site) listEntries(w http.ResponseWriter, r *http.Request) error {
	f, err := s.read(r.Context(), r.URL.Query())
	if err != nil {
		return err
	}
	if index := indexOf(f, "rang"); f.Value("rang") != "" && !f.Failed() {
		http.Redirect(w, r, "/audit/journal/"+strconv.FormatInt(index, 10), http.StatusSeeOther)
		return nil
	}
	filter := filterOf(f)
	data := &listPage{Common: page.Common{Title: "auditor.list.title", Trail: trail, Current: "/audit/journal", Form: f, KeepQuery: append(fields[:len(fields):len(fields)], "avant")},
		Groups: groups(), Themes: s.Catalogue.Themes()}
	data.Narrowed, data.Dated = filled(f, fields[1:7]), filled(f, fields[7:])
	data.Asked = data.Narrowed || data.Dated || f.Value("acte") != ""
	if f.Failed() {
		return s.Pages.Render(w, r, http.StatusUnprocessableEntity, "auditor/list.html", data)
	}
	if data.Found, data.Lines, err = s.search(r, filter, pageSize); err != nil {
		return err
	}
	if data.Found.Next > 0 {
		data.Older = address("/audit/journal", f, data.Found.Next)
	}
	return s.Pages.Render(w, r, http.StatusOK, "auditor/list.html", data)
}
