package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/receipt/format"
)

// Who was shown a receipt sees within five seconds that its mandate has ended, in the list that anybody can fetch; and neither the tables nor what was
// logged has the receipt.
func TestReceipt_AnEndIsSeenInTheListWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	v, anybody := site.Visit(t, fresh(site, site.Jeanne)), site.Stranger(t)
	m := site.Sign(t, v.By, fixture.Angela(), fixture.Tax)
	handed := v.Post("/mandats/" + m.ID.String() + "/recu")
	if handed.Status != http.StatusOK {
		t.Fatal(handed.Status, handed.Body)
	}
	text := strings.TrimSpace(handed.Body)
	keys, err := format.ParseKeys([]byte(anybody.Get("/recus/cles").Body))
	must(t, err)
	r, err := format.Open(text, keys)
	must(t, err)
	list := strings.TrimPrefix(r.Status.List.URI, site.URL)
	status := func() uint8 {
		t.Helper()
		l, err := format.OpenList(anybody.Get(list).Body, keys, site.Clock.Now())
		must(t, err)
		s, ok := l.At(r.Status.List.Index)
		if !ok || l.URI != r.Status.List.URI || r.Issuer != site.URL+"/recus" {
			t.Fatalf("%s says nothing of %+v", l.URI, r)
		}
		return s
	}
	if got := status(); got != format.Valid {
		t.Fatalf("status %d before the end", got)
	}
	if a := v.Post("/mandats/"+m.ID.String()+"/fin", "reason", "citizen"); a.Status != http.StatusSeeOther {
		t.Fatal(a.Status, a.Body)
	}
	for ended := time.Now(); status() != format.Invalid; time.Sleep(100 * time.Millisecond) {
		if time.Since(ended) > 5*time.Second {
			t.Fatal("the end is not seen")
		}
	}
	checked, err := anybody.Upload(t.Context(), "/recu", url.Values{"receipt": {text}}, " ")
	must(t, err)
	if checked.Status != http.StatusOK || !strings.Contains(checked.Body, "Angela Claire Louise DUBOIS") || !strings.Contains(checked.Body, "il ne vaut plus") {
		t.Errorf("%d %s", checked.Status, checked.Body)
	}
	parts := strings.Split(text, ".")
	for where, content := range map[string]string{"the tables": everyTable(t, site), "the entries": site.Bodies(t)} {
		if strings.Contains(content, parts[1]) || strings.Contains(content, parts[2]) {
			t.Errorf("the receipt stands in %s", where)
		}
	}
}
