package card_test

import (
	"encoding/base32"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"mandat/internal/card"
	"mandat/internal/credential"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

const tooOld = org.FactorLife + time.Minute

// world is a fixture with a stock of cards, and the register in which they become factors.
type world struct {
	*fixture.World
	stock   *card.Stock
	factors *credential.Register
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t)}
	w.stock = card.New(w.DB, w.Journal, w.Keys)
	var err error
	w.factors, err = credential.New(w.DB, w.Journal, w.Keys, w.Clock, credential.Config{RPID: "localhost", Origins: []string{"http://localhost"}, Name: "Mandat"}, credential.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// file is one with some cards: GADT0001 and so on.
func file(n int) string {
	var out strings.Builder
	out.WriteString("\ufeffserial;seed\r\n")
	for i := range n {
		serial := fmt.Sprintf("GADT%04d", i+1)
		fmt.Fprintf(&out, "%s;%x\r\n", serial, seed(serial))
	}
	return out.String()
}

func seed(serial string) []byte { return []byte("the seed of " + serial) }

// cards imports some.
func (w *world) cards(t testing.TB, n int) {
	t.Helper()
	out, err := w.stock.Import(t.Context(), journal.Program(), strings.NewReader(file(n)), false)
	if err != nil || !out.Done || out.Cards != n {
		t.Fatalf("%+v, %v", out, err)
	}
}

// add has somebody add a card, by the code that it shows.
func (w *world) add(t testing.TB, by journal.Actor, serial string) error {
	t.Helper()
	now := w.Clock.Now()
	w.Clock.Advance(now.Truncate(time.Minute).Add(90 * time.Second).Sub(now)) // to the middle of a period, so that a test's own duration changes no step
	code, err := totp.GenerateCodeCustom(base32.StdEncoding.EncodeToString(seed(serial)), w.Clock.Now(), totp.ValidateOpts{Period: 60, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.factors.AddCard(t.Context(), by, serial, code, "", netip.MustParseAddr("192.0.2.10"))
	return err
}
