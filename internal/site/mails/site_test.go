package mails

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/fixture"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/throttle"
)

type counter struct {
	*fixture.World
	mails   *citizen.Mails
	handler http.Handler
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{World: fixture.New(t)}
	c.mails = citizen.NewMails(c.DB, c.Journal, throttle.New(c.DB, c.Clock), c.Clock)
	r := page.NewRouter(page.RouterOptions{Pages: pagetest.Pages(t), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	(&Site{Pages: pagetest.Pages(t), Mails: c.mails}).Mount(r)
	c.handler = r.Start()
	return c
}

// link returns the path of a link for a citizen, and a question whether their mails are refused.
func (c *counter) link(t *testing.T) (path string, refused func() bool) {
	t.Helper()
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	return c.linkOf(t, m.Citizen)
}

func (c *counter) linkOf(t *testing.T, id uuid.UUID) (path string, refused func() bool) {
	t.Helper()
	secret, err := c.mails.Link(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return "/mails/" + secret, func() bool {
		is, err := c.mails.Choice(t.Context(), secret)
		if err != nil {
			t.Error(err)
		}
		return is == citizen.MailsNone
	}
}

func (c *counter) ask(t *testing.T, method, path, kind, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	c.handler.ServeHTTP(out, r)
	if strings.HasPrefix(out.Header().Get("Content-Type"), "text/html") && out.Code != http.StatusSeeOther {
		for _, fault := range pagetest.Faults(out.Body.String()) {
			t.Errorf("%s %s: %s", method, path, fault)
		}
	}
	return out
}

const urlencoded = "application/x-www-form-urlencoded"

func (c *counter) post(t *testing.T, path, act string) *httptest.ResponseRecorder {
	t.Helper()
	return c.ask(t, http.MethodPost, path, urlencoded, url.Values{"act": {act}}.Encode(), "Sec-Fetch-Site", "same-origin")
}

// The page refuses and takes back, says which of both counts, and tells nothing of whose mails these are.
func TestMails_RefusedAndTakenBack(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	path, refused := c.link(t)
	for _, lang := range pagetest.Languages {
		before := c.ask(t, http.MethodGet, path+"?lang="+lang, "", "")
		if refused() || before.Code != http.StatusOK || before.Header().Get("X-Robots-Tag") != "noindex, nofollow" || before.Header().Get("Cache-Control") != "no-store" || before.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Fatalf("looking: refused %t, %d %v", refused(), before.Code, before.Header())
		}
		done := c.post(t, path, "refuse")
		if !refused() || done.Code != http.StatusSeeOther || done.Header().Get("Location") != path {
			t.Fatalf("refused %t, %d %v", refused(), done.Code, done.Header())
		}
		after := c.ask(t, http.MethodGet, path+"?lang="+lang, "", "")
		if back := c.post(t, path, "resume"); refused() || back.Code != http.StatusSeeOther {
			t.Fatalf("taken back: refused %t, %d", refused(), back.Code)
		}
		for _, body := range []string{before.Body.String(), after.Body.String()} {
			for _, told := range []string{"DUBOIS", "Angela", "Maison France Services", "angela@", "impôt", "1962"} {
				if strings.Contains(body, told) {
					t.Errorf("the page tells %q", told)
				}
			}
		}
		if !strings.Contains(before.Body.String(), `value="refuse"`) || !strings.Contains(after.Body.String(), `value="resume"`) || strings.Contains(after.Body.String(), `value="refuse"`) {
			t.Errorf("%s: the page does not say what counts:\n%s", lang, after.Body)
		}
	}
}

// Who said at a signature that they want no mails is told what still comes, and may refuse that too, or have all of them again.
func TestMails_AfterASignature(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	path, refused := c.link(t)
	c.Behind(t, `update citizen set mails_refused_at = now(), mails_refused_signed = true`)
	for _, lang := range pagetest.Languages {
		a := c.ask(t, http.MethodGet, path+"?lang="+lang, "", "").Body.String()
		if !strings.Contains(a, `value="refuse"`) || !strings.Contains(a, `value="resume"`) {
			t.Errorf("%s: the page does not offer both:\n%s", lang, a)
		}
	}
	c.post(t, path, "refuse")
	if a := c.ask(t, http.MethodGet, path, "", "").Body.String(); !refused() || strings.Contains(a, `value="refuse"`) {
		t.Errorf("refused %t:\n%s", refused(), a)
	}
	c.post(t, path, "resume")
	if a := c.ask(t, http.MethodGet, path, "", "").Body.String(); refused() || strings.Contains(a, `value="resume"`) {
		t.Errorf("refused %t:\n%s", refused(), a)
	}
}

// A mail program refuses with one POST, in either form that RFC 8058 allows, without cookies and without a redirect; a program that only looks refuses nothing.
func TestMails_OneClick(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var parts bytes.Buffer
	form := multipart.NewWriter(&parts)
	if err := form.WriteField("List-Unsubscribe", "One-Click"); err != nil {
		t.Fatal(err)
	}
	_ = form.Close()
	for name, body := range map[string]struct{ kind, text string }{"urlencoded": {urlencoded, "List-Unsubscribe=One-Click"}, "multipart": {form.FormDataContentType(), parts.String()}} {
		path, refused := c.link(t)
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			c.ask(t, method, path+"?List-Unsubscribe=One-Click&act=refuse", "", "")
		}
		if refused() {
			t.Errorf("%s: looking refuses", name)
		}
		a := c.ask(t, http.MethodPost, path, body.kind, body.text)
		if a.Code != http.StatusOK || !refused() {
			t.Errorf("%s: %d, refused %t", name, a.Code, refused())
		}
		if a = c.ask(t, http.MethodPost, path, body.kind, body.text); a.Code != http.StatusOK {
			t.Errorf("%s, again: %d", name, a.Code)
		}
		c.post(t, path, "resume")
	}
}

// What is not a link that was made, or not one of the two words, changes nothing; another site's form neither.
func TestMails_Refuses(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	path, refused := c.link(t)
	for name, a := range map[string]struct {
		answer *httptest.ResponseRecorder
		status int
	}{
		"no such link":       {c.ask(t, http.MethodGet, "/mails/AAAA", "", ""), http.StatusNotFound},
		"nor to post":        {c.post(t, "/mails/AAAA", "refuse"), http.StatusNotFound},
		"nor with one click": {c.ask(t, http.MethodPost, "/mails/"+strings.Repeat("a", 5000), urlencoded, "List-Unsubscribe=One-Click"), http.StatusNotFound},
		"not its letters":    {c.ask(t, http.MethodGet, "/mails/%C3%A9", "", ""), http.StatusNotFound},
		"neither word":       {c.post(t, path, "stop"), http.StatusBadRequest},
		"nothing":            {c.ask(t, http.MethodPost, path, "", ""), http.StatusBadRequest},
		"half a form":        {c.ask(t, http.MethodPost, path, "multipart/form-data; boundary=x", "--x\r\nfull of nothing"), http.StatusBadRequest},
		"a large form":       {c.ask(t, http.MethodPost, path, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"act\"\r\n\r\n"+strings.Repeat("x", 60_000)+"\r\n--x--"), http.StatusBadRequest},
		"another site's":     {c.ask(t, http.MethodPost, path, urlencoded, "act=refuse", "Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
	} {
		if a.answer.Code != a.status || refused() {
			t.Errorf("%s: %d, refused %t", name, a.answer.Code, refused())
		}
	}
	for n := range 12 {
		c.post(t, path, []string{"refuse", "resume"}[n%2])
	}
	before := refused()
	if a := c.post(t, path, map[bool]string{true: "resume", false: "refuse"}[before]); a.Code != http.StatusTooManyRequests || refused() != before {
		t.Errorf("again and again: %d, refused %t", a.Code, refused())
	}
}

func TestMails_PagesAreSound(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	for _, lang := range pagetest.Languages {
		for _, choice := range []string{citizen.MailsAll, citizen.MailsGuards, citizen.MailsNone} {
			pagetest.Render(t, pages, "mails/mails.html", lang, page.Who{}, &mailsPage{Common: page.Common{Title: "mails.title"}, Choice: choice, Path: "/mails/x"})
		}
	}
	pagetest.Covered(t, pages, "mails", []string{"mails/mails.html"})
}
