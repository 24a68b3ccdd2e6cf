package credential_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"testing"
	"time"

	"mandat/internal/credential"
	"mandat/internal/token"
)

// Ten thousand wrong codes at fifty a second, from a thousand networks, let nobody in: ten are compared. All the while the owner's
// passkey works, and their code in a browser of theirs; a minute after it is over it does in any. make soak runs all of it, make test a
// twentieth.
func TestSoak_WrongCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tries := 500
	if os.Getenv("MANDAT_SOAK") != "" {
		tries = 10_000
	}
	by := w.newcomer(t, "amel")
	key := newKey(t)
	w.enrol(t, by, key, "clé")
	secret := w.app(t, w.fresh(by))
	if _, err := w.factors.MakeRecovery(t.Context(), w.fresh(by)); err != nil {
		t.Fatal(err)
	}
	compared, start := 0, w.Clock.Now()
	for n := range tries {
		if behind := start.Add(time.Duration(n) * 20 * time.Millisecond).Sub(w.Clock.Now()); behind > 0 {
			w.Clock.Advance(behind)
		}
		typed := fmt.Sprintf("%06d", rand.IntN(1_000_000))
		if n%10 == 0 {
			typed = "ABCD-EFGH-IJKL-MNOP"
		}
		_, err := w.factors.Code(t.Context(), by, typed, netip.MustParseAddr(fmt.Sprintf("198.51.%d.%d", 100+n%4, n/4%250)), nil)
		switch _, waits := errors.AsType[credential.ErrWait](err); {
		case err == nil:
			t.Fatal("a wrong code let somebody in")
		case errors.Is(err, credential.ErrWrong):
			compared++
		case !waits:
			t.Fatal(err)
		}
		if n%100 == 0 {
			if _, err := w.use(t, key); err != nil {
				t.Fatalf("after %d codes the owner's key: %v", n, err)
			}
		}
	}
	took := w.Clock.Now().Sub(start)
	if most := 6 + int(took/time.Minute); compared > most {
		t.Errorf("%d codes were compared in %v, at most %d should be", compared, took, most)
	}
	t.Logf("%d codes in %v, %d compared", tries, took.Round(time.Second), compared)
	w.Clock.Advance(31 * time.Second)
	if _, err := w.factors.Code(t.Context(), by, shown(t, secret, 30, w.Clock.Now()), home, token.Bytes(32)); err != nil {
		t.Errorf("at once, in a browser of the owner's: %v", err)
	}
	w.Clock.Advance(61 * time.Second)
	w.settle(30 * time.Second)
	if _, err := w.code(t, by, shown(t, secret, 30, w.Clock.Now())); err != nil {
		t.Errorf("afterwards the owner's code: %v", err)
	}
	if w.told["codes_refused"] != 1 {
		t.Errorf("told %v", w.told)
	}
	w.sound(t)
}
