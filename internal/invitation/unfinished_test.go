package invitation_test

import (
	"errors"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// The referents of an organisation are told who may come back by the link, and nobody else is.
func TestBegun_AsLongAsTheLinkLeadsBack(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	odile, elsa := w.Referent(t, w.Here, "odile"), w.Referent(t, w.Elsewhere, "elsa")
	_, own := invite(t, w, odile, guest("own", org.RoleAidant))
	_, named := invite(t, w, odile, guest("named", org.RoleAidant))
	invite(t, w, odile, guest("silent", org.RoleAidant))
	person, err := w.Invitations.Accept(t.Context(), invitation.Accepting{Secret: own}, nobody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Invitations.Accept(t.Context(), invitation.Accepting{Secret: named, Issuer: fixture.Issuer, Sub: "named"}, nobody); err != nil {
		t.Fatal(err)
	}
	want := func(by journal.Actor, n int) {
		t.Helper()
		got, err := w.Invitations.Begun(t.Context(), by)
		if err != nil || len(got) != n {
			t.Errorf("%v, %v, want %d", got, err, n)
		}
		if last := w.Clock.Now().Add(invitation.Life); n == 1 && (got[person].After(last) || got[person].Before(last.Add(-time.Hour))) {
			t.Errorf("until %v", got[person])
		}
	}
	want(odile, 1)
	want(elsa, 0)
	if _, _, err := w.Invitations.Unfinished(t.Context(), own); err != nil {
		t.Errorf("the link: %v", err)
	}
	for _, by := range []journal.Actor{w.Jeanne, {Kind: journal.Referent, Person: elsa.Person, Organisation: w.Here}} {
		if _, err := w.Invitations.Begun(t.Context(), by); !errors.Is(err, org.ErrMayNot) {
			t.Errorf("%s: %v", by.Kind, err)
		}
	}
	w.Clock.Advance(invitation.Life)
	want(odile, 0)
}
