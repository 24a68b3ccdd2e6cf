package clientauth_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"mandat/internal/client"
	"mandat/internal/oidc"
)

// Whoever fails too often is told to wait, by the id they give and by where they come from; who has the secret passes all the same.
func TestAuthenticate_FailuresAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, service("a", client.SecretPost))
	wrong := func(id, from string) string {
		r := posted(url.Values{"client_id": {id}, "client_secret": {"wrong"}})
		r.RemoteAddr = from
		return w.answer(t, r)
	}
	count := func(id func(int) string, from func(int) string) (refused int) {
		for i := range 60 {
			switch got := wrong(id(i), from(i)); got {
			case "invalid_client":
				refused++
			case "slow_down":
			default:
				t.Fatal(got)
			}
		}
		return refused
	}
	same := func(s string) func(int) string { return func(int) string { return s } }
	ids := func(i int) string { return fmt.Sprint("stranger", i) }
	places := func(i int) string { return fmt.Sprintf("192.0.2.%d:1", i) }
	if n := count(same("a"), places); n < 10 || n > 20 {
		t.Errorf("one id from everywhere failed %d times before it was slowed down", n)
	}
	if n := count(ids, same("198.51.100.1:1")); n < 30 || n > 45 {
		t.Errorf("one address with all ids failed %d times before it was slowed down", n)
	}
	if n := count(ids, same("127.0.0.1:1")); n < 30 {
		t.Errorf("a proxy of this machine was slowed down for everybody behind it after %d", n)
	}
	if n := count(same(""), places); n != 60 {
		t.Errorf("strangers who name nobody slow one another down after %d", n)
	}
	r := posted(url.Values{"client_id": {"a"}, "client_secret": {secret + "a"}})
	r.RemoteAddr = "198.51.100.1:1"
	if got := w.answer(t, r); got != "a" {
		t.Errorf("others' failures lock the client out: %s", got)
	}
	if f := w.Figures(); f.Failures != 240 || f.Slowed < 60 {
		t.Errorf("%+v", f)
	}
	w.clock.Advance(time.Minute)
	if got := wrong("a", "198.51.100.1:1"); got != "invalid_client" {
		t.Errorf("after a minute: %s", got)
	}
}

// A service has what it needs and no more, and says when to come back; FranceConnect carries everybody.
func TestAuthenticate_CallsAreLimited(t *testing.T) {
	t.Parallel()
	fc := service("fc", client.SecretPost)
	fc.Kind, fc.Procedures = client.FranceConnect, nil
	w := newWorld(t, service("a", client.SecretPost), service("b", client.SecretPost), service("c", client.SecretPost), service("d", client.SecretPost), fc)
	call := func(id string) string {
		return w.answer(t, posted(url.Values{"client_id": {id}, "client_secret": {secret + id}}))
	}
	slowed := map[string]int{}
	for range 2000 {
		for _, id := range []string{"a", "b", "c"} {
			if call(id) == "slow_down" {
				slowed[id]++
			}
		}
		if got := call("fc"); got != "fc" {
			t.Fatal(got)
		}
	}
	for _, id := range []string{"a", "b", "c"} {
		if slowed[id] == 0 || slowed[id] > 1500 {
			t.Errorf("%d of 2000 calls of %s were slowed down", slowed[id], id)
		}
	}
	if got := call("d"); got != "d" {
		t.Errorf("another service: %s", got)
	}
	w.clock.Advance(time.Second)
	if got := call("a"); got != "a" {
		t.Errorf("after a second: %s", got)
	}
}

func TestStranger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := func(address string) *oidc.Error {
		r := posted(nil)
		r.RemoteAddr = address
		return w.Stranger(r)
	}
	passed := 0
	var last *oidc.Error
	for range 1000 {
		if last = from("[2001:db9::1]:1"); last == nil {
			passed++
		}
	}
	if passed < 200 || passed > 600 || last == nil || last.Code != oidc.SlowDown || last.RetryAfter <= 0 || last.RetryAfter > time.Second {
		t.Errorf("%d passed, then %+v", passed, last)
	}
	if from("[2001:db9::2]:1") == nil {
		t.Error("the same subscriber has more addresses than one")
	}
	for _, other := range []string{"[2001:db9:0:1::1]:1", "192.0.2.1:1", "127.0.0.1:1"} {
		if from(other) != nil {
			t.Errorf("%s is slowed down for another", other)
		}
	}
	// Very many addresses cost no more memory, and nobody who keeps to the limit is slowed down by them.
	for i := range 30_000 {
		if refusal := from(fmt.Sprintf("10.%d.%d.1:1", i/256, i%256)); refusal != nil {
			t.Fatal(i, refusal)
		}
	}
}
