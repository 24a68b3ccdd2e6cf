package credential_test

import (
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// shown is what an application or a card with this key (base32) shows at an instant, by another hand than ours.
func shown(t testing.TB, key string, period uint, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCodeCustom(strings.ReplaceAll(key, " ", ""), at, totp.ValidateOpts{Period: period, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// settle moves the clock to the middle of a period, so that a test's own duration changes no step.
func (w *world) settle(period time.Duration) {
	now := w.Clock.Now()
	w.Clock.Advance(now.Truncate(period).Add(period + period/2).Sub(now))
}

// app gives a person an application and returns its key. The step of now is used up.
func (w *world) app(t testing.TB, by journal.Actor) string {
	t.Helper()
	begun, err := w.factors.StartApp(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	w.settle(30 * time.Second)
	if _, err := w.factors.ConfirmApp(t.Context(), by, shown(t, begun.Key, 30, w.Clock.Now()), home); err != nil {
		t.Fatal(err)
	}
	return begun.Key
}

func (w *world) code(t testing.TB, by journal.Actor, typed string) (credential.Given, error) {
	t.Helper()
	return w.factors.Code(t.Context(), by, typed, home, nil)
}

func TestApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	if _, err := w.factors.ConfirmApp(t.Context(), by, "123456", home); !errors.Is(err, credential.ErrNoFactor) {
		t.Errorf("confirmed what was not begun: %v", err)
	}
	begun, err := w.factors.StartApp(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	key, err := otp.NewKeyFromURL(begun.URI)
	if err != nil || key.Secret() != strings.ReplaceAll(begun.Key, " ", "") || key.Issuer() != "Mandat" || key.AccountName() != "amel@exemple.invalid" || key.Period() != 30 || key.Digits() != otp.DigitsSix {
		t.Errorf("%s: %v", begun.URI, err)
	}
	if begun.Side < 29 || !strings.HasPrefix(begun.Path, "M4 4h1v1h-1z") {
		t.Errorf("QR code of %d, %.30s", begun.Side, begun.Path)
	}
	if again, err := w.factors.StartApp(t.Context(), by); again != begun || err != nil {
		t.Errorf("another one when the page is loaded again: %v", err)
	}
	if has, err := w.factors.Has(t.Context(), by.Person); has || err != nil {
		t.Errorf("counts before its first code: %v, %v", has, err)
	}
	w.settle(30 * time.Second)
	first := shown(t, begun.Key, 30, w.Clock.Now())
	if _, err := w.code(t, by, first); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("gives a factor before its first code: %v", err)
	}
	if _, err := w.factors.ConfirmApp(t.Context(), by, shown(t, begun.Key, 30, w.Clock.Now().Add(time.Hour)), home); !errors.Is(err, credential.ErrWrong) {
		t.Error(err)
	}
	given, err := w.factors.ConfirmApp(t.Context(), by, first[:3]+" "+first[3:], home)
	if err != nil || given.Kind != credential.KindApp || given.Person != by.Person {
		t.Fatalf("%+v, %v", given, err)
	}
	if _, err := w.code(t, by, first); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("the code that confirmed it counts again: %v", err)
	}
	w.Clock.Advance(30 * time.Second)
	if given, err = w.code(t, by, shown(t, begun.Key, 30, w.Clock.Now())); err != nil || given.Kind != credential.KindApp {
		t.Errorf("%+v, %v", given, err)
	}
	other := w.app(t, w.fresh(by)) // a new telephone
	w.Clock.Advance(2 * time.Minute)
	if _, err := w.code(t, by, shown(t, begun.Key, 30, w.Clock.Now())); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("the old telephone: %v", err)
	}
	if _, err := w.code(t, by, shown(t, other, 30, w.Clock.Now())); err != nil {
		t.Errorf("the new telephone: %v", err)
	}
	w.sound(t)
}

// Who looked at an application's secret in one session of a person does not know the one that they add in another.
func TestApp_SecretsAreOfOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.newcomer(t, "amel")
	owner := stranger
	stranger.Session, owner.Session = token.Bytes(32), token.Bytes(32)
	seen, err := w.factors.StartApp(t.Context(), stranger)
	if err != nil {
		t.Fatal(err)
	}
	w.settle(30 * time.Second)
	if _, err := w.factors.ConfirmApp(t.Context(), owner, shown(t, seen.Key, 30, w.Clock.Now()), home); !errors.Is(err, credential.ErrNoFactor) {
		t.Errorf("confirmed what another session began: %v", err)
	}
	if key := w.app(t, owner); key == seen.Key {
		t.Error("two sessions have seen the same secret")
	}
	f, err := w.factors.Factors(t.Context(), owner.Person)
	if err != nil || f.App == nil || f.App.Name != "app" {
		t.Errorf("%+v, %v", f.App, err)
	}
	w.Clock.Advance(2 * time.Minute)
	if _, err := w.code(t, owner, shown(t, seen.Key, 30, w.Clock.Now())); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("what was seen before opens: %v", err)
	}
	w.sound(t)
}

// One step before and one after count, no further; an older step than the last one does not, even for the first time.
func TestCode_Window(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.app(t, w.Jeanne)
	w.Clock.Advance(10 * time.Minute)
	for _, c := range []struct {
		off  time.Duration
		want error
	}{{-60, credential.ErrWrong}, {60, credential.ErrWrong}, {-30, nil}, {-30, credential.ErrWrong}, {30, nil}, {0, credential.ErrWrong}, {30, credential.ErrWrong}} {
		if _, err := w.code(t, w.Jeanne, shown(t, key, 30, w.Clock.Now().Add(c.off*time.Second))); !errors.Is(err, c.want) {
			t.Errorf("%d s off: %v, want %v", c.off, err, c.want)
		}
	}
}

// However a person, somebody who looks over their shoulder and the clock mix, no step counts twice and none before one that
// counted: of each code at most one use.
func TestCode_NeverTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		by := w.fresh(w.newcomer(t, fmt.Sprintf("personne%d", n)))
		key := w.app(t, by)
		last := w.Clock.Now().Unix() / 30
		for range rapid.IntRange(1, 8).Draw(rt, "tries") {
			w.Clock.Advance(time.Duration(rapid.IntRange(0, 3).Draw(rt, "pause")) * 30 * time.Second)
			now := w.Clock.Now()
			off := rapid.Int64Range(-2, 2).Draw(rt, "off")
			step := now.Unix()/30 + off
			_, err := w.code(t, by, shown(t, key, 30, time.Unix(step*30, 0)))
			if _, waits := errors.AsType[credential.ErrWait](err); waits {
				w.Clock.Advance(5 * time.Minute)
				continue
			}
			if want := off >= -1 && off <= 1 && step > last; (err == nil) != want {
				rt.Fatalf("step %+d, %+d after the last one: %v", off, step-last, err)
			}
			if err == nil {
				last = step
			}
		}
	})
}

func TestCode_Race(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.app(t, w.Jeanne)
	codes, err := w.factors.MakeRecovery(t.Context(), w.fresh(w.Jeanne))
	if err != nil {
		t.Fatal(err)
	}
	for round := range 10 {
		w.Clock.Advance(12 * time.Hour)
		typed := shown(t, key, 30, w.Clock.Now())
		if n := winners(t, 5, func() error { _, err := w.code(t, w.Jeanne, typed); return err }); n != 1 {
			t.Errorf("%d of 5 came in with one code", n)
		}
		w.Clock.Advance(12 * time.Hour)
		if n := winners(t, 5, func() error { _, err := w.code(t, w.Jeanne, codes[round]); return err }); n != 1 {
			t.Errorf("%d of 5 came in with one recovery code", n)
		}
	}
	w.sound(t)
}

// Wrong codes are slowed for the account, whoever types them, and the person is told; right ones cost nothing, and a passkey always
// works.
func TestCode_IsSlowedAndNobodyIsLockedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := newKey(t)
	w.enrol(t, w.Jeanne, key, "clé")
	secret := w.app(t, w.Jeanne)
	for range 40 { // a morning at the counter
		w.Clock.Advance(time.Minute)
		if _, err := w.code(t, w.Jeanne, shown(t, secret, 30, w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
	}
	wrong, waits := 0, 0
	var until time.Time
	for n := range 20 {
		_, err := w.factors.Code(t.Context(), w.Jeanne, fmt.Sprintf("%06d", n), netip.MustParseAddr(fmt.Sprintf("198.51.100.%d", n)), nil)
		wait, ok := errors.AsType[credential.ErrWait](err)
		switch {
		case ok:
			waits++
			until = wait.Until
		case errors.Is(err, credential.ErrWrong):
			wrong++
		default:
			t.Fatal(err)
		}
	}
	if wrong != 5 || waits != 15 {
		t.Errorf("%d compared, %d not", wrong, waits)
	}
	if d := until.Sub(w.Clock.Now()); d <= 0 || d > time.Minute {
		t.Errorf("to wait %v", d)
	}
	right := shown(t, secret, 30, w.Clock.Now().Add(30*time.Second))
	if _, err := w.code(t, w.Jeanne, right); err == nil {
		t.Error("the right code is compared while others wait")
	}
	if _, err := w.use(t, key); err != nil {
		t.Errorf("the owner's key: %v", err)
	}
	if w.told["codes_refused"] != 1 || w.entries(t, "factor.codes_refused") != 1 {
		t.Errorf("told %v", w.told)
	}
	w.Clock.Advance(time.Minute)
	if _, err := w.code(t, w.Jeanne, shown(t, secret, 30, w.Clock.Now())); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	if _, err := w.code(t, w.Paul, "123456"); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("somebody else waits too: %v", err)
	}
	w.sound(t)
}

// No more than fifty wrong codes are compared in a day, however patient somebody is.
func TestCode_FiftyADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	compared := 0
	for end := w.Clock.Now().Add(24 * time.Hour); w.Clock.Now().Before(end); w.Clock.Advance(3 * time.Minute) {
		if _, err := w.code(t, w.Jeanne, "123456"); errors.Is(err, credential.ErrWrong) {
			compared++
		}
	}
	if compared < 45 || compared > 50 {
		t.Errorf("%d compared", compared)
	}
}

// Codes tried elsewhere do not keep a person waiting in a browser of theirs; tried there, they are as few.
func TestCode_StrangersUseUpWhatIsForStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.app(t, w.Jeanne)
	w.Clock.Advance(time.Minute)
	mine, hers := token.Bytes(32), token.Bytes(32)
	try := func(device []byte, typed string) error {
		_, err := w.factors.Code(t.Context(), w.Jeanne, typed, home, device)
		return err
	}
	compared := func(device []byte) (n int) {
		for range 10 {
			if err := try(device, "000000"); errors.Is(err, credential.ErrWrong) {
				n++
			}
		}
		return n
	}
	if n := compared(nil); n != 5 {
		t.Errorf("%d of strangers' were compared", n)
	}
	if err := try(mine, shown(t, secret, 30, w.Clock.Now())); err != nil {
		t.Errorf("in a browser of hers: %v", err)
	}
	for name, device := range map[string][]byte{"one of hers": mine, "another of hers": hers} {
		if n := compared(device); n != 5 {
			t.Errorf("%d were compared in %s", n, name)
		}
	}
	w.Clock.Advance(30 * time.Second)
	if err := try(mine, shown(t, secret, 30, w.Clock.Now())); !waits(err) {
		t.Errorf("after five wrong ones there: %v", err)
	}
	if _, err := w.factors.Resync(t.Context(), w.Jeanne.Person, "123456", "123456", home, mine); !waits(err) {
		t.Errorf("two codes there: %v", err)
	}
	by := w.fresh(w.Jeanne)
	begun, err := w.factors.StartApp(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.ConfirmApp(t.Context(), by, shown(t, begun.Key, 30, w.Clock.Now()), home); err != nil {
		t.Errorf("what strangers try keeps her from adding an application: %v", err)
	}
}

func waits(err error) bool {
	_, ok := errors.AsType[credential.ErrWait](err)
	return ok
}

// Many accounts tried from one network are slowed together.
func TestCode_IsSlowedForANetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waits := 0
	for n := range 260 {
		by := w.Jeanne
		by.Person[15], by.Person[14] = byte(n), byte(n>>8)
		if _, err := w.factors.Code(t.Context(), by, "123456", netip.MustParseAddr(fmt.Sprintf("2001:db8:0:1::%x", n)), nil); !errors.Is(err, credential.ErrWrong) {
			waits++
		}
	}
	if waits < 20 || waits > 60 {
		t.Errorf("%d of 260 wait", waits)
	}
	// So are codes by which an application or a card is added.
	w.Clock.Advance(-time.Minute) // nothing of the allowance comes back, however slow the machine
	by, near := w.fresh(w.Jeanne), netip.MustParseAddr("2001:db8:0:1::1")
	if _, err := w.factors.StartApp(t.Context(), by); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[netip.Addr]bool{near: true, home: false} {
		_, app := w.factors.ConfirmApp(t.Context(), by, "123456", from)
		_, card := w.factors.AddCard(t.Context(), by, "GADT0001", "123456", "", from)
		for what, err := range map[string]error{"application": app, "card": card} {
			if _, waits := errors.AsType[credential.ErrWait](err); waits != want {
				t.Errorf("%s from %s: %v", what, from, err)
			}
		}
	}
}

// What cannot be a code is refused without a look, and uses nothing up.
func TestCode_Shapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.app(t, w.Jeanne)
	for range 3 {
		for _, typed := range []string{"", "12345", "1234567", "12345a", "１２３４５６", "AAAA-BBBB-CCCC-DDD", strings.Repeat("9", 10_000), "12345\x00"} {
			if _, err := w.code(t, w.Jeanne, typed); !errors.Is(err, credential.ErrWrong) {
				t.Errorf("%.20q: %v", typed, err)
			}
		}
	}
	w.Clock.Advance(time.Minute)
	if _, err := w.code(t, w.Jeanne, shown(t, secret, 30, w.Clock.Now())); err != nil {
		t.Error(err)
	}
}

// An application that nobody confirmed is forgotten, and every question that nobody answered, however many strangers asked.
func TestPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.factors.StartApp(t.Context(), w.Jeanne); err != nil {
		t.Fatal(err)
	}
	w.app(t, w.Paul)
	w.question(t, [16]byte{}, credential.SignIn)
	w.Behind(t, `insert into credential_challenge (id, session_id, purpose, data, created_at, expires_at)
		select sha256(n::text::bytea), session_id, purpose, data, created_at, expires_at from credential_challenge, generate_series(1, $1) n`, 2*db.PurgeBatch)
	for _, want := range []int{0, 2*db.PurgeBatch + 2, 0} {
		if gone, err := w.factors.Purge(t.Context()); gone != want || err != nil {
			t.Errorf("purged %d, %v, want %d", gone, err, want)
		}
		w.Clock.Advance(time.Hour)
	}
}

// seedKey is a seed in hexadecimal as applications write it.
func seedKey(t testing.TB, seed string) string {
	t.Helper()
	raw, err := hex.DecodeString(seed)
	if err != nil {
		t.Fatal(err)
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
}
