package attestation

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
)

func (w *world) wantStatus(t *testing.T, what, tok string, want bool) {
	t.Helper()
	if standing, err := w.press.Status(t.Context(), tok); err != nil || standing != want {
		t.Errorf("%s: standing %v, %v", what, standing, err)
	}
}

func (w *world) wantNothing(t *testing.T, what, tok string) {
	t.Helper()
	w.wantStatus(t, what, tok, false)
}

func (w *world) wantStanding(t *testing.T, what, tok string) {
	t.Helper()
	w.wantStatus(t, what, tok, true)
}

func TestStatus_FollowsTheMandate(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	other := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	tok, otherTok := w.issue(t, w.Jeanne, m.ID, "fr").tokenIn(t), w.issue(t, w.Jeanne, other.ID, "fr").tokenIn(t)
	if tok == otherTok {
		t.Fatal("two mandates share a public address")
	}
	w.wantStanding(t, "signed", tok)
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "mistake"); err != nil {
		t.Fatal(err)
	}
	w.wantNothing(t, "ended", tok)
	w.wantStanding(t, "another citizen's", otherTok)
}

func TestStatus_FollowsTheClock(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	tok := w.issue(t, w.Jeanne, m.ID, "en").tokenIn(t)
	w.Clock.Advance(m.EndsAt.Sub(w.Clock.Now()) - time.Minute)
	w.wantStanding(t, "a minute before its end", tok)
	w.Clock.Advance(time.Minute + time.Second)
	w.wantNothing(t, "a second after its end", tok)
}

// A mandate that auditors suspended gives nothing, and its paper shows nothing of it, until they lift that.
func TestStatus_OfASuspendedMandate(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	tok := w.issue(t, w.Jeanne, m.ID, "fr").tokenIn(t)
	paper := Shown{SHA256: w.issue(t, w.Jeanne, m.ID, "fr").SHA256}
	proven := func() bool {
		_, right, err := w.press.Check(t.Context(), tok, paper, netip.MustParseAddr("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		return right
	}
	w.wantStanding(t, "signed", tok)
	if !proven() {
		t.Error("its paper shows nothing")
	}
	w.Behind(t, `update mandate_power set suspended_at = now() where mandate_id = $1`, m.ID)
	w.wantNothing(t, "suspended", tok)
	if proven() {
		t.Error("the paper of a suspended mandate shows it")
	}
	w.Behind(t, `update mandate_power set suspended_at = null where mandate_id = $1`, m.ID)
	w.wantStanding(t, "lifted", tok)
}

func TestStatus_AfterSupersession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	tok := w.issue(t, w.Jeanne, m.ID, "fr").tokenIn(t)
	w.Sign(t, w.Paul, fixture.Angela(), fixture.Tax)
	w.wantStanding(t, "one power superseded", tok)
	w.Sign(t, w.Paul, fixture.Angela(), fixture.Housing)
	w.wantNothing(t, "all powers superseded", tok)
}

func TestStatus_OfWhatIsNoToken(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	tok := w.issue(t, w.Jeanne, m.ID, "fr").tokenIn(t)
	for what, wrong := range map[string]string{"unknown": newToken(), "empty": "", "short": tok[:21], "long": tok + "A", "other letters": strings.ToLower(tok) + "\x00\xff",
		"endless": strings.Repeat(tok, 1000), "the mandate's id": m.ID.String(), "nil": uuid.Nil.String(), "padded": tok + "=="} {
		w.wantNothing(t, what, wrong)
	}
}
