package smsin_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/consent"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/smsin"
	"mandat/internal/token"
)

const (
	secret  = "a secret of thirty-two characters or more"
	angelas = "+33639980010"
)

// inbox is the callbacks of a world, with a citizen who was asked.
type inbox struct {
	*fixture.Telephone
	handler http.Handler
	failed  *strings.Builder // what was logged as an error
	asked   uuid.UUID
	request consent.Request
	inbox   *smsin.Inbox
}

func open(t testing.TB) *inbox {
	t.Helper()
	x := &inbox{Telephone: fixture.New(t).Telephone(t), failed: &strings.Builder{}}
	x.mount(t, x.DB, secret)
	angela := x.Sign(t, x.Jeanne, fixture.Angela(), fixture.Tax).Citizen
	number := x.Verify(t, x.Jeanne, angela, angelas)
	now := x.Clock.Now()
	d := x.Recognised(t, x.Jeanne, angela)
	x.request = consent.Request{Draft: d.ID, Version: d.Version, Digest: token.Bytes(32), Begun: now.Add(time.Second), Citizen: angela, Phone: number.ID, Procedures: []string{"Impôts"}, EndsAt: now.AddDate(0, 1, 0), Lang: "fr"}
	var err error
	if x.asked, err = x.Consents.Start(t.Context(), x.Jeanne, x.request); err != nil {
		t.Fatal(err)
	}
	x.Send(t, x.asked)
	return x
}

func (x *inbox) mount(t testing.TB, d *db.DB, secret string) {
	t.Helper()
	router := page.NewRouter(page.RouterOptions{Pages: pagetest.Pages(t), Log: slog.New(slog.NewTextHandler(x.failed, &slog.HandlerOptions{Level: slog.LevelError}))})
	x.inbox = smsin.New(d, x.Clock, secret, x.Consents, x.Phones)
	x.inbox.Mount(router)
	x.handler = router.Start()
}

// sign is the signature, as the gateway's operator reads it in the manual.
func sign(key, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = mac.Write([]byte(stamp + "." + body))
	return hex.EncodeToString(mac.Sum(nil))
}

// post sends a callback that is signed now.
func (x *inbox) post(t testing.TB, path, body string, change ...func(*http.Request)) int {
	t.Helper()
	stamp := strconv.FormatInt(x.Clock.Now().Unix(), 10)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Mandat-Timestamp", stamp)
	r.Header.Set("Mandat-Signature", sign(secret, stamp, body))
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	x.handler.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Errorf("%s %q: %d", path, body, w.Code)
	}
	return w.Code
}

func (x *inbox) state(t *testing.T, want string) {
	t.Helper()
	got, err := x.Consents.Latest(t.Context(), x.Jeanne, x.request.Draft)
	if err != nil || got.State != want {
		t.Errorf("the request is %q, want %q, %v", got.State, want, err)
	}
}

func (x *inbox) answer(id, text string) string {
	return fmt.Sprintf(`{"id": %q, "from": %q, "text": %q}`, id, angelas, text)
}

func TestAnswerAndReport(t *testing.T) {
	t.Parallel()
	x := open(t)
	question := x.Message(t, x.asked, "request").String()
	if got := x.post(t, "/sms/rapports", `{"id": "`+question+`", "status": "delivered"}`); got != http.StatusNoContent {
		t.Errorf("report: %d", got)
	}
	if c, err := x.Consents.Latest(t.Context(), x.Jeanne, x.request.Draft); err != nil || !c.Delivered {
		t.Errorf("not delivered, %v", err)
	}
	if got := x.post(t, "/sms/reponses", x.answer(question, "Oui.")); got != http.StatusNoContent {
		t.Errorf("answer: %d", got)
	}
	x.state(t, consent.Yes)
	if got := x.post(t, "/sms/rapports", `{"id": "`+x.Message(t, x.asked, "recap").String()+`", "status": "undelivered"}`); got != http.StatusNoContent {
		t.Errorf("report: %d", got)
	}
	x.state(t, consent.Failed)
}

// Who has the secret learns nothing of which messages there are: unknown ids, those of nothing, and known ones are answered the same.
func TestUnknownIDs_AreAnsweredAsKnownOnes(t *testing.T) {
	t.Parallel()
	x := open(t)
	known := x.Message(t, x.asked, "request").String()
	for _, id := range []string{known, uuid.NewString(), "no uuid", strings.Repeat("x", 100), known + "x", "{" + uuid.NewString() + "}"} {
		if got := x.post(t, "/sms/reponses", x.answer(id, "?")); got != http.StatusNoContent {
			t.Errorf("answer to %s: %d", id, got)
		}
		if got := x.post(t, "/sms/rapports", `{"id": "`+id+`", "status": "delivered"}`); got != http.StatusNoContent {
			t.Errorf("report of %s: %d", id, got)
		}
	}
	x.state(t, consent.Sent)
}

// Nothing is believed that the gateway did not sign, now, byte for byte.
func TestSignature(t *testing.T) {
	t.Parallel()
	x := open(t)
	body := x.answer(x.Message(t, x.asked, "request").String(), "oui")
	stamp := func(d time.Duration) string { return strconv.FormatInt(x.Clock.Now().Add(d).Unix(), 10) }
	signed := func(key, stamp, body string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Mandat-Timestamp", stamp)
			r.Header.Set("Mandat-Signature", sign(key, stamp, body))
		}
	}
	for name, change := range map[string]func(*http.Request){
		"no signature":      func(r *http.Request) { r.Header.Del("Mandat-Signature") },
		"no timestamp":      func(r *http.Request) { r.Header.Del("Mandat-Timestamp") },
		"no hexadecimal":    func(r *http.Request) { r.Header.Set("Mandat-Signature", "oui") },
		"half of it":        func(r *http.Request) { r.Header.Set("Mandat-Signature", r.Header.Get("Mandat-Signature")[:32]) },
		"another secret":    signed("another secret of thirty-two characters", stamp(0), body),
		"no secret":         signed("", stamp(0), body),
		"another body":      signed(secret, stamp(0), strings.Replace(body, "oui", "non", 1)),
		"another timestamp": func(r *http.Request) { r.Header.Set("Mandat-Timestamp", stamp(-time.Second)) },
		"too old":           signed(secret, stamp(-smsin.Window-2*time.Second), body),
		"not yet":           signed(secret, stamp(smsin.Window+2*time.Second), body),
		"never":             signed(secret, "-9223372036854775808", body),
		"a fraction":        signed(secret, stamp(0)+".5", body),
		"with a sign":       signed(secret, "+"+stamp(0), body),
		"with zeros":        signed(secret, "0"+stamp(0), body),
	} {
		if got := x.post(t, "/sms/reponses", body, change); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got)
		}
	}
	x.state(t, consent.Sent)
	for _, off := range []time.Duration{-smsin.Window + 5*time.Second, smsin.Window - 5*time.Second} {
		if got := x.post(t, "/sms/reponses", body, signed(secret, stamp(off), body)); got != http.StatusNoContent {
			t.Errorf("%v off: %d", off, got)
		}
	}
	x.state(t, consent.Yes)
	x.mount(t, x.DB, "")
	if got := x.post(t, "/sms/reponses", body, signed("", stamp(0), body)); got != http.StatusUnauthorized {
		t.Errorf("without a secret in the settings: %d", got)
	}
}

// The same callback is taken once, also of many at once; when we could not take it, it may come again as it is.
func TestReplay(t *testing.T) {
	t.Parallel()
	x := open(t)
	body := x.answer(x.Message(t, x.asked, "request").String(), "?")
	got := make([]int, 8)
	var wg sync.WaitGroup
	stamp := strconv.FormatInt(x.Clock.Now().Unix(), 10)
	again := func(r *http.Request) {
		r.Header.Set("Mandat-Timestamp", stamp)
		r.Header.Set("Mandat-Signature", sign(secret, stamp, body))
	}
	for i := range got {
		wg.Go(func() { got[i] = x.post(t, "/sms/reponses", body, again) })
	}
	wg.Wait()
	taken := 0
	for _, status := range got {
		switch status {
		case http.StatusNoContent:
			taken++
		case http.StatusConflict:
		default:
			t.Errorf("%d", status)
		}
	}
	if c, err := x.Consents.Latest(t.Context(), x.Jeanne, x.request.Draft); err != nil || taken != 1 || c.Unclear != 1 {
		t.Errorf("taken %d times, unclear %d times, %v", taken, c.Unclear, err)
	}
	if err := x.inbox.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status := x.post(t, "/sms/reponses", body, again); status != http.StatusConflict {
		t.Errorf("after the purge: %d", status)
	}
	x.Clock.Advance(3 * smsin.Window)
	if err := x.inbox.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept int
	if err := x.Connect(t, x.Superuser).QueryRow(t.Context(), `select count(*) from smsin_seen`).Scan(&kept); err != nil || kept > 0 {
		t.Errorf("%d kept, %v", kept, err)
	}
	if status := x.post(t, "/sms/reponses", body, again); status != http.StatusUnauthorized {
		t.Errorf("forgotten, and too old: %d", status)
	}
}

func TestReplay_AfterAFailureOfOurs(t *testing.T) {
	t.Parallel()
	x := open(t)
	body := x.answer(x.Message(t, x.asked, "request").String(), "oui")
	stamp := strconv.FormatInt(x.Clock.Now().Unix(), 10)
	send := func() int {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/sms/reponses", strings.NewReader(body))
		r.Header.Set("Mandat-Timestamp", stamp)
		r.Header.Set("Mandat-Signature", sign(secret, stamp, body))
		w := httptest.NewRecorder()
		x.handler.ServeHTTP(w, r)
		return w.Code
	}
	x.Exec(t, `alter table consent_message rename to consent_away`)
	if got := send(); got < 500 {
		t.Errorf("while the table is away: %d", got)
	}
	x.Exec(t, `alter table consent_away rename to consent_message`)
	if got := send(); got != http.StatusNoContent {
		t.Errorf("again: %d", got)
	}
	x.state(t, consent.Yes)
}

// Exec runs SQL as superuser.
func (x *inbox) Exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := x.Connect(t, x.Superuser).Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	x := open(t)
	for body, want := range map[string]int{
		``: 400, `[]`: 400, `null`: 400, `"oui"`: 400, `{`: 400, `{}`: 400, `{"id": 1}`: 400, `{"id": "x"}`: 400, `{"id": "x", "from": "y", "text": "z", "more": 1}`: 400,
		`{"id": "x", "from": "y", "text": "z"} {}`: 400, `{"id": "x", "status": "delivered"}`: 400, `{"id": "x", "from": "` + strings.Repeat("1", 41) + `"}`: 400,
		`{"id": "x", "from": "y", "text": "` + strings.Repeat("z", 9000) + `"}`: 413, `{"id": "x", "from": "y", "text": "` + strings.Repeat("z", 7000) + `"}`: 204, "{\"id\": \"x\", \"from\": \"\\u0000\", \"text\": \"\xff\"}": 204,
	} {
		if got := x.post(t, "/sms/reponses", body); got != want {
			t.Errorf("%.60q: %d, want %d", body, got, want)
		}
	}
	for _, body := range []string{`{"id": "x", "status": ""}`, `{"id": "x", "status": "lost"}`, `{"id": "x", "from": "y", "text": "z"}`} {
		if got := x.post(t, "/sms/rapports", body); got != http.StatusBadRequest {
			t.Errorf("%s: %d", body, got)
		}
	}
	if x.failed.Len() > 0 {
		t.Error(x.failed)
	}
}

// A network that asks on and on is told to wait, whether it can sign or not; another is not.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	x := open(t)
	bad, refused := func(r *http.Request) { r.Header.Set("Mandat-Signature", "") }, 0
	for range 600 {
		if x.post(t, "/sms/reponses", `{}`, bad) == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was too much")
	}
	body := x.answer(uuid.NewString(), "oui")
	if got := x.post(t, "/sms/reponses", body, func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1" }); got != http.StatusNoContent {
		t.Errorf("another network: %d", got)
	}
}

// Whatever strangers and a gateway that has gone mad send, it is refused or changes nothing that it should not, and is no fault of ours.
func FuzzCallback(f *testing.F) {
	x := open(f)
	question := x.Message(f, x.asked, "request").String()
	for _, s := range []string{x.answer(question, "oui"), x.answer("x", "non"), `{"id": "` + question + `", "status": "undelivered"}`, `{}`, "\x00", `{"id":"\ud800"}`} {
		f.Add(s, true, true, "1795348800")
		f.Add(s, false, false, "")
	}
	n := 0
	f.Fuzz(func(t *testing.T, body string, now, answers bool, stamp string) {
		n++
		path := "/sms/rapports"
		if answers {
			path = "/sms/reponses"
		}
		status := x.post(t, path, body, func(r *http.Request) {
			r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", n>>16&255, n>>8&255, n&255)
			if !now {
				r.Header["Mandat-Timestamp"] = []string{stamp}
				r.Header["Mandat-Signature"] = []string{sign(secret, stamp, body)}
			}
		})
		if status >= 500 {
			t.Fatalf("%q: %d", body, status)
		}
	})
}
