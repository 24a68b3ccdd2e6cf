package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"mandat/internal/org"
)

// postAtOnce sends a form many times at the same moment, with a cookie if there is one, and returns where the answers lead: "" when they
// lead nowhere.
func postAtOnce(t *testing.T, address, cookie string, form url.Values, times int) []string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var wg sync.WaitGroup
	out := make([]string, times)
	for i := range out {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if cookie != "" {
				req.AddCookie(&http.Cookie{Name: "mandat", Value: cookie})
			}
			res, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode >= 500 {
				t.Errorf("status %d", res.StatusCode)
			}
			out[i] = res.Header.Get("Location")
		})
	}
	wg.Wait()
	return out
}

func count(all []string, one string) int {
	n := 0
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// Of many who press the button of a link at once, in the browser that asked, one goes on.
func TestLink_OneOfManyGoesOn(t *testing.T) {
	t.Parallel()
	d, b := asked(t)
	cookie, _ := b.Cookie("mandat")
	to := postAtOnce(t, d.Link(t), cookie, nil, 10)
	if n := count(to, "/connexion/facteur"); n != 1 {
		t.Errorf("%d of ten went on: %v", n, to)
	}
}

// Of many who accept an invitation at once one does, and there is one person.
func TestInvitation_OneOfManyAccepts(t *testing.T) {
	t.Parallel()
	d, _, link := invited(t)
	to := postAtOnce(t, link, "", url.Values{"how": {"own"}}, 8)
	if n := count(to, "/compte/facteurs/premier"); n != 1 {
		t.Errorf("%d of eight accepted: %v", n, to)
	}
	if n := d.Number(t, `select count(*) from person p join session s on s.person_id = p.id where p.email = 'nora@exemple.invalid'`); n != 1 {
		t.Errorf("%d people with sessions", n)
	}
}

// A link of a reset opens one session, however often it is pressed.
func TestReset_OneOfManyBegins(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea := d.Newcomer(t, "lea", org.RoleAidant)
	d.App(t, lea)
	to := postAtOnce(t, d.Reset(t, lea.Person), "", nil, 8)
	if n := count(to, "/compte/facteurs/premier"); n != 1 || d.Number(t, `select count(*) from session where person_id = $1`, lea.Person) != 1 {
		t.Errorf("%d of eight began: %v", n, to)
	}
}
