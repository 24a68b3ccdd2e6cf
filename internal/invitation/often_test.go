package invitation_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/org"
	"mandat/internal/throttle"
)

// One address gets three invitations of one organisation at once, and then one an hour, sent again, or withdrawn and made anew; and one person sends
// thirty. Nobody uses up what is another organisation's.
func TestInvite_SparesMailboxes(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, odile, ines := t.Context(), w.Invitations, w.Referent(t, w.Here, "odile"), w.Referent(t, w.Elsewhere, "irene")
	refused := func(what string, err error, atMost time.Duration) {
		t.Helper()
		late, ok := errors.AsType[throttle.WaitError](err)
		if wait := late.Until.Sub(w.Clock.Now()); !ok || wait <= 0 || wait > atMost {
			t.Errorf("%s: %v, for %v", what, err, wait)
		}
	}
	again := func() {
		odile.FactorAt, ines.FactorAt = w.Clock.Now(), w.Clock.Now()
	}
	id, err := r.Invite(ctx, odile, guest("nadia", org.RoleAidant))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 { // who may not send it again uses nothing up
		if err := r.Resend(ctx, ines, id); err == nil {
			t.Fatal("another organisation's referent sent it again")
		}
	}
	for range 2 {
		if err := r.Resend(ctx, odile, id); err != nil {
			t.Fatal(err)
		}
	}
	refused("a fourth one", r.Resend(ctx, odile, id), time.Hour)
	if err := r.Withdraw(ctx, odile, id); err != nil {
		t.Fatal(err)
	}
	_, err = r.Invite(ctx, odile, guest("nadia", org.RoleAidant))
	refused("made anew", err, time.Hour)
	if _, err := r.Invite(ctx, ines, guest("nadia", org.RoleAidant)); err != nil {
		t.Errorf("by another organisation: %v", err)
	}
	w.Clock.Advance(time.Hour + time.Minute)
	again()
	if _, err = r.Invite(ctx, odile, guest("nadia", org.RoleAidant)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	w.Clock.Advance(3 * time.Hour)
	again()
	numbered := func(n int) invitation.Invitee {
		out := guest("invitee", org.RoleAidant)
		out.Email = fmt.Sprintf("invitee-%d@exemple.invalid", n)
		return out
	}
	for n := range 30 {
		if _, err := r.Invite(ctx, odile, numbered(n)); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	_, err = r.Invite(ctx, odile, numbered(30))
	refused("the thirty-first", err, 5*time.Minute)
	ada := w.Administrator(t, "ada")
	for range 5 { // nothing was sent, nothing counts
		if _, err := r.CreateOrganisation(ctx, ada, org.Organisation{}, guest("first", org.RoleReferent)); !errors.Is(err, org.ErrSIRET) && !errors.Is(err, org.ErrParticulars) {
			t.Fatal(err)
		}
	}
}
