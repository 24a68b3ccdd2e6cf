package page_test

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mandat/internal/page"
)

// uploads is a handler with a route for large bodies that only who brings a header may use.
func uploads(t *testing.T) http.Handler {
	t.Helper()
	r := page.NewRouter(page.RouterOptions{Pages: pages(t), Log: slog.New(slog.DiscardHandler)})
	r.Guard(page.Auditor, func(_ http.ResponseWriter, r *http.Request) (*http.Request, error) {
		if r.Header.Get("X-Welcome") == "" {
			return r, page.ErrForbidden
		}
		return r, nil
	})
	r.Large("POST /file", 200_000)
	r.Post("/file", page.Auditor, func(w http.ResponseWriter, r *http.Request) error {
		f, content, err := page.ParseUpload(r, "file")
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, f.Value("word")+" "+string(content))
		return err
	})
	return r.Start()
}

// unread fails the test when somebody reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read for a stranger")
	return 0, io.EOF
}

func upload(t *testing.T, word, content string) *http.Request {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	file, err := form.CreateFormFile("file", "a.csv")
	if err == nil {
		_, err = io.WriteString(file, content)
	}
	if err == nil {
		err = form.WriteField("word", word)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/file", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("X-Welcome", "1")
	return r
}

func TestUpload(t *testing.T) {
	t.Parallel()
	h := uploads(t)
	stranger := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/file", unread{t})
	urlencoded := upload(t, "a", "b")
	urlencoded.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		body   string
	}{
		"a file":           {upload(t, "word", strings.Repeat("x", 150_000)), 200, "word " + strings.Repeat("x", 150_000)},
		"no file":          {upload(t, "word", ""), 200, "word "},
		"too large":        {upload(t, "word", strings.Repeat("x", 250_000)), 413, ""},
		"text that is not": {upload(t, "\xff", "x"), 400, ""},
		"no multipart":     {urlencoded, 400, ""},
		"a stranger":       {stranger, 403, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, c.r)
		if w.Code != c.status || c.body != "" && w.Body.String() != c.body {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
	}
}
