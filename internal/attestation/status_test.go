package attestation

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
)

func (w *world) status(t *testing.T, tok string) (time.Time, bool) {
	t.Helper()
	until, standing, err := w.press.Status(t.Context(), tok)
	if err != nil {
		t.Fatal(err)
	}
	return until, standing
}

// wantNothing expects the answer for a mandate that does not stand: that, and nothing else.
func (w *world) wantNothing(t *testing.T, what, tok string) {
	t.Helper()
	if until, standing := w.status(t, tok); standing || !until.IsZero() {
		t.Errorf("%s: standing %v, until %s", what, standing, until)
	}
}

func (w *world) wantStanding(t *testing.T, what, tok string, end time.Time) {
	t.Helper()
	if until, standing := w.status(t, tok); !standing || !until.Equal(end) {
		t.Errorf("%s: standing %v, until %s", what, standing, until)
	}
}

func TestStatus_FollowsTheMandate(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	other := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	tok, otherTok := w.issue(t, w.Jeanne, m.ID, "fr").tokenIn(t), w.issue(t, w.Jeanne, other.ID, "fr").tokenIn(t)
	if tok == otherTok {
		t.Fatal("two mandates share a public address")
	}
	w.wantStanding(t, "signed", tok, m.EndsAt)
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "mistake"); err != nil {
		t.Fatal(err)
	}
	w.wantNothing(t, "ended", tok)
	w.wantStanding(t, "another citizen's", otherTok, other.EndsAt)
}

func TestStatus_FollowsTheClock(t *testing.T) {
	t.Parallel()
	w, m := newSigned(t)
	tok := w.issue(t, w.Jeanne, m.ID, "en").tokenIn(t)
	w.Clock.Advance(m.EndsAt.Sub(w.Clock.Now()) - time.Minute)
	w.wantStanding(t, "a minute before its end", tok, m.EndsAt)
	w.Clock.Advance(time.Minute + time.Second)
	w.wantNothing(t, "a second after its end", tok)
}

func TestStatus_AfterSupersession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	tok := w.issue(t, w.Jeanne, m.ID, "fr").tokenIn(t)
	w.Sign(t, w.Paul, fixture.Angela(), fixture.Tax)
	w.wantStanding(t, "one power superseded", tok, m.EndsAt)
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
