package testimony_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"mandat/internal/journal/witness"
)

// What is published is what enough witnesses have cosigned, and no more.
func TestCollect_PublishesWhatEnoughHaveCosigned(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	one, two, three := newObserver(t, "un", keysOf(t, secret)), newObserver(t, "deux", keysOf(t, secret)), newObserver(t, "trois", keysOf(t, secret))
	h := newHouse(t, secret, 2, one, two, three)
	h.acts(t, 3)
	if n := h.published(t); n != 0 {
		t.Errorf("before anybody was asked, %d entries are published", n)
	}
	h.collect(t)
	if n := h.published(t); n != 3 {
		t.Errorf("cosigned by three: %d entries", n)
	}
	down := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	}
	one.lies(down)
	h.acts(t, 2)
	h.collect(t)
	if n, how := h.published(t), h.failing(t, one); n != 5 || how != "refused" {
		t.Errorf("cosigned by two: %d entries, the third is %q", n, how)
	}
	two.lies(down)
	h.acts(t, 2)
	h.collect(t)
	if n := h.published(t); n != 5 {
		t.Errorf("cosigned by one: %d entries", n)
	}
	if s, err := h.collector.Status(t.Context()); err != nil || s.Size != 5 || s.Behind <= 0 || len(s.Failing) != 2 {
		t.Errorf("cosigned by one: %+v, %v", s, err)
	}
	one.lies(nil)
	h.collect(t)
	if n, how := h.published(t), h.failing(t, one); n != 7 || how != "" {
		t.Errorf("cosigned by two again: %d entries, %q", n, how)
	}
	if n := h.number(t, `select count(*) from journal_witnessed`); n != 3 {
		t.Errorf("%d witnessed checkpoints", n)
	}
	s, err := h.collector.Status(t.Context())
	if must(t, err); s.Size != 7 || s.Behind != 0 {
		t.Errorf("%+v", s)
	}
}

// With everybody's loops running, what is done is published by itself, and each checkpoint is asked for once of each witness.
func TestRun_TwoServersAskOnce(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	one, two := newObserver(t, "un", keysOf(t, secret)), newObserver(t, "deux", keysOf(t, secret))
	h := newHouse(t, secret, 2, one, two)
	h.acts(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 3 {
		c := h.another(t)
		all.Go(func() { c.Run(ctx) })
	}
	for n := range int64(5) {
		if n > 0 {
			h.acts(t, 1)
		}
		within, stop := context.WithTimeout(t.Context(), time.Minute)
		err := h.collector.Await(within)
		stop()
		if got := h.published(t); err != nil || got != n+1 {
			t.Errorf("published %d of %d: %v", got, n+1, err)
		}
	}
	cancel()
	all.Wait()
	if a, b := one.asked.Load(), two.asked.Load(); a != 5 || b != 5 {
		t.Errorf("five checkpoints were asked for %d and %d times", a, b)
	}
}

// A witness that answers what it likes is not believed, and keeps nobody from being published.
func TestCollect_AWitnessThatLies(t *testing.T) {
	t.Parallel()
	stranger, err := witness.GenerateKey("temoin.test/faux")
	must(t, err)
	say := func(status int, kind, body string) func(http.Handler) http.Handler {
		return func(http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Type", kind)
				rw.WriteHeader(status)
				_, _ = io.WriteString(rw, body)
			})
		}
	}
	text := func(r *http.Request) string {
		b, _ := io.ReadAll(r.Body)
		_, signed, _ := strings.Cut(string(b), "\n\n")
		signed, _, _ = strings.Cut(signed, "\n\n")
		return signed + "\n"
	}
	const sizes = "text/x.tlog.size"
	for name, c := range map[string]struct {
		how  string
		lies func(o *observer) func(http.Handler) http.Handler
	}{
		"nothing":               {"wrong", func(*observer) func(http.Handler) http.Handler { return say(http.StatusOK, "", "") }},
		"another's cosignature": {"wrong", func(*observer) func(http.Handler) http.Handler { return signs(stranger, text, time.Now()) }},
		"over another tree": {"wrong", func(o *observer) func(http.Handler) http.Handler {
			return signs(o.key, func(r *http.Request) string { return strings.Replace(text(r), "\n3\n", "\n4\n", 1) }, time.Now())
		}},
		"of a year ago": {"wrong", func(o *observer) func(http.Handler) http.Handler {
			return signs(o.key, text, time.Now().AddDate(-1, 0, 0))
		}},
		"of tomorrow": {"wrong", func(o *observer) func(http.Handler) http.Handler {
			return signs(o.key, text, time.Now().AddDate(0, 0, 1))
		}},
		"and goes on for ever": {"wrong", func(o *observer) func(http.Handler) http.Handler {
			return func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					signs(o.key, text, time.Now())(h).ServeHTTP(rw, r)
					_, _ = io.WriteString(rw, strings.Repeat("— x AAAA\n", 100_000))
				})
			}
		}},
		"a redirect": {"refused", func(o *observer) func(http.Handler) http.Handler {
			return func(http.Handler) http.Handler { return http.RedirectHandler("/elsewhere", http.StatusSeeOther) }
		}},
		"that it knows us not":      {"refused", func(*observer) func(http.Handler) http.Handler { return say(http.StatusNotFound, "", "no") }},
		"a conflict without size":   {"refused", func(*observer) func(http.Handler) http.Handler { return say(http.StatusConflict, "text/plain", "3\n") }},
		"a size that is none":       {"refused", func(*observer) func(http.Handler) http.Handler { return say(http.StatusConflict, sizes, "-3\n") }},
		"the size that it was told": {"wrong", func(*observer) func(http.Handler) http.Handler { return say(http.StatusConflict, sizes, "0\n") }},
		"another size each time": {"wrong", func(*observer) func(http.Handler) http.Handler {
			return func(http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					b, _ := io.ReadAll(r.Body)
					next := "1\n"
					if strings.HasPrefix(string(b), "old 1") {
						next = "2\n"
					}
					rw.Header().Set("Content-Type", sizes)
					rw.WriteHeader(http.StatusConflict)
					_, _ = io.WriteString(rw, next)
				})
			}
		}},
		"more than there is": {"ahead", func(*observer) func(http.Handler) http.Handler { return say(http.StatusConflict, sizes, "4000\n") }},
		"that it is another": {"fork", func(*observer) func(http.Handler) http.Handler { return say(http.StatusUnprocessableEntity, "", "") }},
		"never": {"unreachable", func(*observer) func(http.Handler) http.Handler {
			return func(http.Handler) http.Handler {
				return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() })
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secret := newSecret(t)
			good, bad := newObserver(t, "bon", keysOf(t, secret)), newObserver(t, "mauvais", keysOf(t, secret))
			h := newHouse(t, secret, 1, bad, good)
			h.acts(t, 3)
			bad.lies(c.lies(bad))
			h.collect(t)
			if n := h.published(t); n != 3 {
				t.Errorf("published %d", n)
			}
			if got := h.failing(t, bad); got != c.how {
				t.Errorf("it is %q, want %q", got, c.how)
			}
			if n := h.number(t, `select count(*) from journal_cosignature`); n != 1 {
				t.Errorf("%d cosignatures are kept", n)
			}
			loud := c.how == "ahead" || c.how == "fork"
			if n := h.logged.errors.Load(); (n > 0) != loud {
				t.Errorf("%d alarms", n)
			}
			bad.lies(nil)
			h.collect(t)
			if got := h.failing(t, bad); got != "" {
				t.Errorf("when it no longer lies it is %q", got)
			}
		})
	}
}

// signs answers with a cosignature by a key over a text.
func signs(k witness.Key, text func(*http.Request) string, at time.Time) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, k.Cosign(text(r), at)) })
	}
}

// Lines of others around the witness' own are not looked at.
func TestCollect_FindsItsLineAmongOthers(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	h.acts(t, 3)
	w.lies(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			_, _ = fmt.Fprintf(rw, "— autre.test AAAAAAAA\n%s— temoin.test/un AAAAAAAA\n", rec.Body)
		})
	})
	h.collect(t)
	if n := h.published(t); n != 3 {
		t.Errorf("published %d", n)
	}
}

// Between the checkpoint that a witness kept and the answer that never came, nothing is lost.
func TestCollect_TheAnswerWasLost(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	h.acts(t, 3)
	w.lies(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler) // as when the program was killed
		})
	})
	h.collect(t)
	if n, how := h.published(t), h.failing(t, w); n != 0 || how != "unreachable" {
		t.Errorf("published %d, %q", n, how)
	}
	w.lies(nil)
	h.collect(t)
	if n := h.published(t); n != 3 {
		t.Errorf("asked again: published %d", n)
	}
	w.lies(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		})
	})
	h.acts(t, 2)
	h.collect(t)
	w.lies(nil)
	h.acts(t, 2) // the next one is asked for from a size that the witness has passed
	h.collect(t)
	if n, how := h.published(t), h.failing(t, w); n != 7 || how != "" {
		t.Errorf("the next: published %d, %q", n, how)
	}
}

// Who keeps the cosignatures cannot change one, nor take one away.
func TestCosignatures_AreKept(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	h.acts(t, 3)
	h.collect(t)
	conn := h.Connect(t, h.Owner)
	for _, sql := range []string{`update journal_cosignature set line = 'x'`, `delete from journal_cosignature`, `truncate journal_cosignature`, `update journal_witnessed set at = now()`,
		`delete from journal_witnessed`, `truncate journal_witnessed`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("done: %s", sql)
		}
	}
}
