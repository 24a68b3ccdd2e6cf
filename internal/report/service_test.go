package report_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/report"
)

// A service that talks to us itself is named wherever a use is told, once also where it is the site; FranceConnect's and declared uses name none, and neither does
// another mandate's.
func TestService_IsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := errors.New("broken")
	var fault error
	w.Reports = w.Reports.Naming(func(_ context.Context, id string) (string, error) { return "Service " + id, fault })
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing), w.Sign(t, w.Jeanne, fixture.Citizen(2), fixture.Tax)
	w.useAt(t, w.Jeanne, other, fixture.Tax, "", "elsewhere")
	behind, direct, again := w.use(t, w.Jeanne, m, fixture.Tax), w.useAt(t, w.Jeanne, m, fixture.Housing, "", "a"), w.useAt(t, w.Jeanne, m, fixture.Housing, "", "b")
	declared, err := w.Reports.Declare(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", report.Telephone)
	wantErr(t, err, nil)
	for id, want := range map[string]string{behind.String(): "", direct.String(): "Service a", again.String(): "Service b", declared.String(): ""} {
		uses, err := w.Reports.List(t.Context(), w.Jeanne, m.ID, [16]byte{}, [16]byte{})
		wantErr(t, err, nil)
		found := false
		for _, u := range uses.Uses {
			if u.ID.String() == id {
				found = true
				if alone := w.find(t, w.Jeanne, m, u.ID); u.Service != want || alone.Service != want {
					t.Errorf("%s by %s names %q and %q, want %q", u.Procedure, u.Way, u.Service, alone.Service, want)
				}
			}
		}
		if !found {
			t.Errorf("use %s is not listed", id)
		}
	}
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, direct, report.Given{Outcome: report.Done, Site: "Service a"}), nil)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, again, report.Given{Outcome: report.Done, Site: "ailleurs.example"}), nil)
	text := said(w.compose(t, w.Jeanne, m, "fr"))
	wantWords(t, text, "Service = Service a", "Service = Service b", "Site = ailleurs.example", "Garanti aussi, quand un service est nommé")
	for _, words := range []string{"Site = Service a", "elsewhere"} {
		if strings.Contains(text, words) {
			t.Errorf("%q is in\n%s", words, text)
		}
	}
	wantWords(t, said(w.compose(t, w.Jeanne, m, "en")), "Service = Service a", "Guaranteed too, where a service is named")
	fault = broken
	_, err = w.Reports.Compose(t.Context(), w.Jeanne, m.ID, "fr")
	wantErr(t, err, broken)
}
