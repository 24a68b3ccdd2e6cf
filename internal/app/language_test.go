package app_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
)

var languageLink = regexp.MustCompile(`hreflang="en"[^>]* href="([^"]+)"`)

// A page that refuses what was posted is read in the other language under an address that has a page: that of the POST may have none.
func TestLanguageLinks_OfARefusedPost(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	must(t, site.App.CatchUp(t.Context()))
	must(t, site.Directory.Join(t.Context(), journal.Program(), site.Ines.Person, site.Elsewhere, org.RoleReferent)) // who invites
	m := &matrix{t: t, site: site}
	fraud, prefecture := recipients(t, site)
	whose := map[page.Audience]journal.Actor{page.Administrator: site.Adele, page.Auditor: site.Sofia, page.Referent: site.Odile, page.Fraud: fraud, page.Prefecture: prefecture}
	followed := 0
	for _, route := range site.App.Routes() {
		if route.Method != http.MethodPost {
			continue
		}
		s := m.stage(route)
		s.prepare()
		v := s.owner
		if by, other := whose[route.Audience]; other {
			v = site.Visit(t, by)
		}
		path := s.fill(route.Pattern)
		refused, err := v.Do(t.Context(), http.MethodPost, path, url.Values{})
		must(t, err)
		link := languageLink.FindStringSubmatch(refused.Body)
		if refused.Status < 400 || link == nil {
			continue
		}
		to, err := (&url.URL{Path: path}).Parse(html.UnescapeString(link[1]))
		must(t, err)
		got, err := v.Do(t.Context(), http.MethodGet, to.RequestURI(), nil)
		must(t, err)
		followed++
		if got.Status != http.StatusOK && got.Status != http.StatusSeeOther && got.Status != refused.Status {
			t.Errorf("POST %s: %d, and its page in English is %s: %d", route.Pattern, refused.Status, to.Path, got.Status)
		}
	}
	if followed < 30 {
		t.Errorf("%d pages were refused", followed)
	}
}
