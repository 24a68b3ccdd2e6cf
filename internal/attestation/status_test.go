package attestation

import (
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
