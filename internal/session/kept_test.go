package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/envelope"
	"mandat/internal/page"
	"mandat/internal/session"
)

// passed is a request of an aidant's, as their guard lets it through.
func (h *house) passed(t *testing.T, cookie *http.Cookie) *http.Request {
	t.Helper()
	r, err := h.sessions.Aidant(httptest.NewRecorder(), request(t, cookie))
	if err != nil || r == nil {
		t.Fatalf("not let through: %v", err)
	}
	return r
}

// What waits is there once, on its own page, and what is not to be kept is not.
func TestKeptForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie := h.signIn(t, h.Jeanne, session.Aidant)
	sent := page.FilledForm(url.Values{"name": {"Zoé & Léa"}, "role": {"a", "b"}, "code": {"123456"}})
	if err := h.sessions.KeepForm(h.passed(t, cookie), "/a?b=c", sent, "name", "role"); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		path string
		want url.Values
	}{{"/a", nil}, {"/a?b=c", url.Values{"name": {"Zoé & Léa"}, "role": {"a", "b"}}}, {"/a?b=c", nil}} {
		got, err := h.sessions.KeptForm(h.passed(t, cookie), x.path, nil)
		if err != nil || got.Kept() != (x.want != nil) {
			t.Fatalf("%s: %v, %v", x.path, got, err)
		}
		if got != nil {
			if diff := cmp.Diff(x.want, got.Entered()); diff != "" {
				t.Error(diff)
			}
		}
	}
}

// What waits opens for its person in its session and on its page: in another row, or for another page, it is nobody's. What a server of before kept in clear is not read.
func TestKeptForm_IsSealedForItsPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	for what, x := range map[string]struct {
		sql string
		of  int // whose session has it after sql
	}{
		"another page":    {`update session set kept_path = '/there' where kept_path is not null`, 0},
		"another session": {`update session t set kept_path = '/there', kept_key = f.kept_key, kept_form = f.kept_form from session f where f.kept_form is not null and t.id <> f.id and t.person_id = f.person_id`, 1},
		"another person":  {`update session t set kept_path = '/there', kept_key = f.kept_key, kept_form = f.kept_form from session f where f.kept_form is not null and t.person_id <> f.person_id`, 2},
	} {
		h.exec(t, `delete from session`)
		cookies := []*http.Cookie{h.signIn(t, h.Jeanne, session.Aidant), h.signIn(t, h.Jeanne, session.Aidant), h.signIn(t, h.Paul, session.Aidant)}
		path := "/there"
		if x.of == 0 {
			path = "/here"
		}
		if err := h.sessions.KeepForm(h.passed(t, cookies[0]), path, page.FilledForm(url.Values{"a": {"b"}})); err != nil {
			t.Fatal(err)
		}
		h.exec(t, x.sql)
		if _, err := h.sessions.KeptForm(h.passed(t, cookies[x.of]), "/there", nil); !errors.Is(err, envelope.ErrSealed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	h.exec(t, `delete from session`)
	cookie := h.signIn(t, h.Jeanne, session.Aidant)
	h.exec(t, `update session set kept_for = '/there', kept = 'a=b' where person_id is not null`)
	if got, err := h.sessions.KeptForm(h.passed(t, cookie), "/there", nil); got != nil || err != nil {
		t.Errorf("in clear: %v, %v", got, err)
	}
	if _, err := h.conn.Exec(t.Context(), `update session set kept_path = '/there', kept_key = '\x01', kept_form = 'a=b'`); err == nil {
		t.Error("the table takes what is not sealed")
	}
}
