package invitation_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// nobody opens no session.
func nobody(*journal.Tx, uuid.UUID) error { return nil }

// guest is somebody nobody knows.
func guest(name string, roles ...string) invitation.Invitee {
	return invitation.Invitee{Email: name + "@exemple.invalid", GivenName: name, UsualName: "Invitée", Profession: "Médiatrice", Phone: "06 12 34 56 78", Roles: roles, DigitalAdviser: true}
}

// invite invites, and writes the link as the mail job does.
func invite(t *testing.T, w *fixture.World, by journal.Actor, n invitation.Invitee) (uuid.UUID, string) {
	t.Helper()
	id, err := w.Invitations.Invite(t.Context(), by, n)
	if err != nil {
		t.Fatal(err)
	}
	return id, link(t, w, id)
}

func link(t *testing.T, w *fixture.World, id uuid.UUID) string {
	t.Helper()
	secret, err := w.Invitations.Write(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestAccept_MakesWhoWasInvited(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]invitation.Accepting{"by ProConnect": {Issuer: fixture.Issuer, Sub: "nadia"}, "by the link": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			odile := w.Referent(t, w.Here, "odile")
			id, secret := invite(t, w, odile, guest("nadia", org.RoleReferent, org.RoleAidant))
			if told := *w.Told; len(told) != 1 || told[0].Kind != "invitation" || told[0].Invitation != id {
				t.Errorf("told %v", told)
			}
			i, err := w.Invitations.Read(t.Context(), secret)
			if err != nil || i.OrganisationName == "" || i.InviterName != "odile Fictif" || i.Email != "nadia@exemple.invalid" {
				t.Fatalf("%+v, %v", i, err)
			}
			var opened uuid.UUID
			how.Secret = secret
			person, err := w.Invitations.Accept(t.Context(), how, func(_ *journal.Tx, p uuid.UUID) error { opened = p; return nil })
			if err != nil || opened != person {
				t.Fatalf("%v opened %v, %v", person, opened, err)
			}
			p, err := w.Directory.Find(t.Context(), person)
			if err != nil || len(p.Memberships) != 2 || p.Memberships[0].Organisation.ID != w.Here || !p.EmailVerified || p.Phone != "+33612345678" || p.PhoneVerified || !p.DigitalAdviser {
				t.Errorf("%+v, %v", p, err)
			}
			if how.Sub != "" {
				if same, err := w.Directory.Recognise(t.Context(), how.Issuer, how.Sub); err != nil || same.ID != person {
					t.Errorf("ProConnect names %v, %v", same.ID, err)
				}
			}
			if list, err := w.Invitations.List(t.Context(), odile); err != nil || len(list) != 0 {
				t.Errorf("still waits: %v, %v", list, err)
			}
			w.Content(t)
		})
	}
}

// W38: a link that opens nothing says the same whatever the reason; and the reason never lies with how it was used before.
func TestRead_SaysTheSameOfEveryLinkThatOpensNothing(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, odile := t.Context(), w.Invitations, w.Referent(t, w.Here, "odile")
	used, usedLink := invite(t, w, odile, guest("used", org.RoleAidant))
	withdrawn, withdrawnLink := invite(t, w, odile, guest("withdrawn", org.RoleAidant))
	renewed, renewedLink := invite(t, w, odile, guest("renewed", org.RoleAidant))
	_, rewrittenLink := invite(t, w, odile, guest("rewritten", org.RoleAidant))
	_, lateLink := invite(t, w, odile, guest("late", org.RoleAidant))
	for i, err := range []error{
		second(r.Accept(ctx, invitation.Accepting{Secret: usedLink}, nobody)), r.Withdraw(ctx, odile, withdrawn), r.Resend(ctx, odile, renewed),
	} {
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	list, err := r.List(ctx, odile)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if strings.HasPrefix(i.Email, "rewritten") {
			link(t, w, i.ID)
		}
	}
	elsa := w.Referent(t, w.Elsewhere, "elsa")
	closed, closedLink := invite(t, w, elsa, guest("closed", org.RoleAidant))
	if err := w.Directory.SuspendOrganisation(ctx, journal.Program(), w.Elsewhere); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Accept(ctx, shown(closed, closedLink), nobody); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("to a suspended organisation, on the way back from ProConnect: %v", err)
	}
	links := map[string]string{"to a suspended organisation": closedLink, "used": usedLink, "withdrawn": withdrawnLink, "renewed": renewedLink, "written again": rewrittenLink, "unknown": "x", "none": ""}
	check := func(name, secret string) {
		t.Helper()
		if _, err := r.Read(ctx, secret); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: read %v", name, err)
		}
		if _, err := r.Accept(ctx, invitation.Accepting{Secret: secret}, nobody); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: accepted %v", name, err)
		}
	}
	for name, secret := range links {
		check(name, secret)
	}
	w.Clock.Advance(invitation.Life)
	check("late", lateLink)
	if _, err := r.Write(ctx, renewed); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a late one is written: %v", err)
	}
	for name, how := range map[string]invitation.Accepting{"used": shown(used, usedLink), "withdrawn": shown(withdrawn, withdrawnLink), "late": shown(renewed, renewedLink), "unknown": shown(uuid.New(), "x")} {
		if _, err := r.Accept(ctx, how, nobody); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s, on the way back from ProConnect: %v", name, err)
		}
	}
	w.Content(t)
}

// shown is how somebody accepts on the way back from ProConnect who was shown an invitation by this link.
func shown(id uuid.UUID, secret string) invitation.Accepting {
	return invitation.Accepting{ID: id, Link: token.Hash(secret), Issuer: fixture.Issuer, Sub: "nobody-yet"}
}

// Who left for ProConnect comes back by the link that they were shown: one that was replaced meanwhile opens nothing, nor does the invitation's id alone.
func TestAccept_OnTheWayBackIsByTheLinkThatWasShown(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, odile := t.Context(), w.Invitations, w.Referent(t, w.Here, "odile")
	id, secret := invite(t, w, odile, guest("nadia", org.RoleAidant))
	i, err := r.Read(ctx, secret)
	if err != nil || !bytes.Equal(i.Link, token.Hash(secret)) {
		t.Fatalf("%x, %v", i.Link, err)
	}
	if err := r.Resend(ctx, odile, id); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Accept(ctx, shown(id, secret), nobody); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("by a link that was replaced, before the new one is written: %v", err)
	}
	again := link(t, w, id)
	for name, how := range map[string]invitation.Accepting{"by a link that was replaced": shown(id, secret), "by no link": {ID: id, Issuer: fixture.Issuer, Sub: "nobody-yet"}} {
		if _, err := r.Accept(ctx, how, nobody); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Accept(ctx, shown(id, again), nobody); err != nil {
		t.Errorf("by the link that counts: %v", err)
	}
	w.Content(t)
}

// W21: inviting an address says nothing of whether it is known, unless the person works there already.
func TestInvite_SaysTheSameOfKnownAndUnknownAddresses(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, odile := t.Context(), w.Invitations, w.Referent(t, w.Here, "odile")
	w.Administrator(t, "ada")
	w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")
	if err := w.Directory.Suspend(ctx, journal.Program(), w.Ines.Person); err != nil {
		t.Fatal(err)
	}
	told := len(*w.Told)
	for i, name := range []string{"nobody-known", "ines", "ada", "sofia"} {
		if _, err := r.Invite(ctx, odile, guest(name, org.RoleAidant)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(*w.Told) != told+i+1 {
			t.Errorf("%s: no message, or several", name)
		}
	}
	if _, err := r.Invite(ctx, odile, guest("JEANNE", org.RoleReferent)); !errors.Is(err, db.ErrConflict) {
		t.Errorf("a colleague: %v", err)
	}
	if _, err := r.Invite(ctx, odile, guest("ines", org.RoleAidant)); !errors.Is(err, db.ErrConflict) {
		t.Errorf("invited twice: %v", err)
	}
	w.Content(t)
}

func TestInvite_Refuses(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r := t.Context(), w.Invitations
	odile, ada := w.Referent(t, w.Here, "odile"), w.Administrator(t, "ada")
	stale, pretending, elsewhere := odile, w.Jeanne, w.Referent(t, w.Elsewhere, "elsa")
	stale.FactorAt = odile.FactorAt.Add(-2 * org.FactorLife)
	pretending.Kind = journal.Referent
	naming := elsewhere
	naming.Organisation = w.Here
	in := func(n invitation.Invitee, organisation uuid.UUID) invitation.Invitee {
		n.Organisation = organisation
		return n
	}
	for name, c := range map[string]struct {
		by   journal.Actor
		n    invitation.Invitee
		want error
	}{
		"an aidant": {w.Jeanne, guest("x", org.RoleAidant), org.ErrMayNot}, "an aidant who says referent": {pretending, guest("x", org.RoleAidant), org.ErrMayNot},
		"elsewhere's referent, naming this organisation": {naming, guest("x", org.RoleAidant), org.ErrMayNot}, "no fresh factor": {stale, guest("x", org.RoleAidant), org.ErrFactorTooOld},
		"no address": {odile, invitation.Invitee{GivenName: "a", UsualName: "b", Roles: []string{org.RoleAidant}}, org.ErrContact},
		"no name":    {odile, invitation.Invitee{Email: "a@exemple.invalid", Roles: []string{org.RoleAidant}}, invitation.ErrFields},
		"no person":  {odile, invitation.Invitee{Email: "a@exemple.invalid", GivenName: "Bonjour", UsualName: "allez sur www.exemple.invalid", Roles: []string{org.RoleAidant}}, invitation.ErrFields},
		"no role":    {odile, guest("x"), invitation.ErrFields}, "another role": {odile, guest("x", "auditor"), invitation.ErrFields},
		"no organisation of an administrator": {ada, guest("x", org.RoleReferent), db.ErrNotFound},
		"no such organisation":                {ada, in(guest("x", org.RoleReferent), uuid.New()), db.ErrNotFound},
	} {
		if _, err := r.Invite(ctx, c.by, c.n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// A referent invites to their organisation, whatever is said.
	id, err := r.Invite(ctx, odile, in(guest("x", org.RoleAidant), w.Elsewhere))
	if err != nil {
		t.Fatal(err)
	}
	if i, err := r.Find(ctx, id); err != nil || i.Organisation != w.Here {
		t.Errorf("invited to %v, %v", i.Organisation, err)
	}
	for doing, act := range map[string]func(by journal.Actor) error{
		"withdraw": func(by journal.Actor) error { return r.Withdraw(ctx, by, id) }, "send again": func(by journal.Actor) error { return r.Resend(ctx, by, id) },
	} {
		for who, c := range map[string]struct {
			by   journal.Actor
			want error
		}{"elsewhere's referent": {elsewhere, db.ErrNotFound}, "an aidant": {w.Jeanne, org.ErrMayNot}, "no fresh factor": {stale, org.ErrFactorTooOld}, "naming": {naming, org.ErrMayNot}} {
			if err := act(c.by); !errors.Is(err, c.want) {
				t.Errorf("%s by %s: %v, want %v", doing, who, err, c.want)
			}
		}
	}
	for who, by := range map[string]journal.Actor{"an aidant": w.Jeanne, "elsewhere's referent, naming": naming} {
		if list, err := r.List(ctx, by); !errors.Is(err, org.ErrMayNot) || len(list) > 0 {
			t.Errorf("%s sees %v, %v", who, list, err)
		}
	}
	if list, err := r.List(ctx, elsewhere); err != nil || len(list) != 0 {
		t.Errorf("elsewhere sees %v, %v", list, err)
	}
	if list, err := r.ListOf(ctx, ada, w.Here); err != nil || len(list) != 1 {
		t.Errorf("an administrator sees %v, %v", list, err)
	}
	w.Content(t)
}

// Of many who accept the same invitation at once one does, and the others leave nothing behind.
func TestAccept_Once(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	_, secret := invite(t, w, w.Referent(t, w.Here, "odile"), guest("nadia", org.RoleAidant))
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			how := invitation.Accepting{Secret: secret}
			if i%2 == 0 {
				how.Issuer, how.Sub = fixture.Issuer, "nadia-"+string(rune('a'+i))
			}
			_, errs[i] = w.Invitations.Accept(context.WithoutCancel(t.Context()), how, nobody)
		})
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !errors.Is(err, db.ErrNotFound) && !errors.Is(err, invitation.ErrOtherPerson) {
			t.Error(err)
		}
	}
	if done != 1 {
		t.Errorf("%d accepted", done)
	}
	w.Content(t)
}

// When the session cannot be opened nothing was accepted.
func TestAccept_IsOneActWithTheSession(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	_, secret := invite(t, w, w.Referent(t, w.Here, "odile"), guest("nadia", org.RoleAidant))
	broken := errors.New("no session")
	if _, err := w.Invitations.Accept(t.Context(), invitation.Accepting{Secret: secret}, func(*journal.Tx, uuid.UUID) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, err := w.Directory.FindByEmail(t.Context(), "nadia@exemple.invalid"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("stays behind: %v", err)
	}
	if _, err := w.Invitations.Accept(t.Context(), invitation.Accepting{Secret: secret}, nobody); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	w.Content(t)
}

// A known person joins as themselves and as nobody else; nobody joins as them.
func TestAccept_KnownPeopleJoinAsThemselves(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, odile := t.Context(), w.Invitations, w.Referent(t, w.Here, "odile")
	_, secret := invite(t, w, odile, guest("ines", org.RoleAidant))
	for name, how := range map[string]invitation.Accepting{
		"as somebody new": {}, "as somebody new, by ProConnect": {Issuer: fixture.Issuer, Sub: "new"},
		"as Paul": {Person: w.Paul.Person}, "as Paul, by ProConnect": {Issuer: fixture.Issuer, Sub: "sub-paul"},
	} {
		how.Secret = secret
		if _, err := r.Accept(ctx, how, nobody); !errors.Is(err, invitation.ErrOtherPerson) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p, err := r.Accept(ctx, invitation.Accepting{Secret: secret, Issuer: fixture.Issuer, Sub: "sub-ines"}, nobody); err != nil || p != w.Ines.Person {
		t.Errorf("herself: %v, %v", p, err)
	}
	if p, err := w.Directory.Find(ctx, w.Ines.Person); err != nil || len(p.Memberships) != 2 {
		t.Errorf("Ines works in %v, %v", p.Memberships, err)
	}
	// Another address of hers, that nobody here has.
	_, secret = invite(t, w, odile, guest("ines-autre", org.RoleReferent))
	if p, err := r.Accept(ctx, invitation.Accepting{Secret: secret, Person: w.Ines.Person}, nobody); err != nil || p != w.Ines.Person {
		t.Errorf("by another address: %v, %v", p, err)
	}
	if p, err := w.Directory.Find(ctx, w.Ines.Person); err != nil || p.Email != "ines@exemple.invalid" || len(p.Memberships) != 3 {
		t.Errorf("Ines is %s in %v, %v", p.Email, p.Memberships, err)
	}
	w.Content(t)
}

func TestAccept_RefusesWhoMayNotJoin(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, odile := t.Context(), w.Invitations, w.Referent(t, w.Here, "odile")
	ada, sofia := w.Administrator(t, "ada"), w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")
	_, toIntake := invite(t, w, odile, guest("lea", org.RoleAidant))
	if err := w.Directory.AskIdentity(ctx, fixture.Issuer, "asked", w.Paul.Person); err != nil {
		t.Fatal(err)
	}
	if err := w.Directory.Suspend(ctx, journal.Program(), w.Ines.Person); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		how  invitation.Accepting
		want error
	}{
		"an administrator":                {invitation.Accepting{Person: ada.Person}, org.ErrOneOffice},
		"an auditor":                      {invitation.Accepting{Person: sofia.Person}, org.ErrOneOffice},
		"who is suspended":                {invitation.Accepting{Person: w.Ines.Person}, invitation.ErrSuspended},
		"who has the role":                {invitation.Accepting{Person: w.Jeanne.Person}, db.ErrConflict},
		"a name that is asked of another": {invitation.Accepting{Issuer: fixture.Issuer, Sub: "asked"}, invitation.ErrOtherPerson},
		"somebody who is nobody":          {invitation.Accepting{Person: uuid.New()}, db.ErrNotFound},
	} {
		c.how.Secret = toIntake
		if _, err := r.Accept(ctx, c.how, nobody); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	w.Content(t)
}

// Who is suspended in an organisation does not come back by an invitation to it, whatever it gives.
func TestAccept_DoesNotReinstate(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	odile := w.Referent(t, w.Here, "odile")
	_, secret := invite(t, w, odile, guest("nadia", org.RoleReferent))
	if err := w.Directory.SuspendIn(t.Context(), odile, w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	for name, how := range map[string]invitation.Accepting{"signed in": {Secret: secret, Person: w.Jeanne.Person}, "by ProConnect": {Secret: secret, Issuer: fixture.Issuer, Sub: "sub-jeanne"}} {
		if _, err := w.Invitations.Accept(t.Context(), how, nobody); !errors.Is(err, invitation.ErrSuspended) {
			t.Errorf("%s: %v, want %v", name, err, invitation.ErrSuspended)
		}
	}
	if p, err := w.Directory.Find(t.Context(), w.Jeanne.Person); err != nil || len(p.Memberships) != 1 || !p.Memberships[0].Suspended {
		t.Errorf("%+v, %v", p.Memberships, err)
	}
	w.Content(t)
}

// A late invitation can be made anew, with other words; one that still works cannot.
func TestInvite_AgainWhenItIsLate(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, odile := t.Context(), w.Invitations, w.Referent(t, w.Here, "odile")
	id, secret := invite(t, w, odile, guest("nadia", org.RoleAidant))
	w.Clock.Advance(invitation.Life)
	odile.FactorAt = w.Clock.Now()
	again, err := r.Invite(ctx, odile, guest("nadia", org.RoleReferent))
	if err != nil || again != id {
		t.Fatalf("%v, %v", again, err)
	}
	if _, err := r.Read(ctx, secret); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("the old link: %v", err)
	}
	if i, err := r.Read(ctx, link(t, w, id)); err != nil || len(i.Roles) != 1 || i.Roles[0] != org.RoleReferent || i.Late(w.Clock.Now()) {
		t.Errorf("%+v, %v", i, err)
	}
	if err := r.Withdraw(ctx, odile, id); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"withdrawn again": r.Withdraw(ctx, odile, id), "sent again": r.Resend(ctx, odile, id)} {
		if !errors.Is(err, db.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if other, err := r.Invite(ctx, odile, guest("nadia", org.RoleReferent)); err != nil || other == id {
		t.Errorf("after that: %v, %v", other, err)
	}
	w.Content(t)
}

func second[T any](_ T, err error) error { return err }
