package invitation_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Two people make an administrator: nothing is sent, and nothing can be accepted, before another one has confirmed.
func TestAdministrator_IsMadeByTwo(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r := t.Context(), w.Invitations
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	id, err := r.ProposeAdministrator(ctx, ada, guest("carla"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write(ctx, id); !errors.Is(err, db.ErrNotFound) || len(*w.Told) != 0 {
		t.Errorf("sent already: %v, %v", *w.Told, err)
	}
	if _, err := r.Accept(ctx, invitation.Accepting{ID: id}, nobody); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("accepted already: %v", err)
	}
	odile, stale := w.Referent(t, w.Here, "odile"), bea
	stale.FactorAt = stale.FactorAt.Add(-2 * org.FactorLife)
	for name, c := range map[string]struct {
		by   journal.Actor
		want error
	}{"who proposed": {ada, org.ErrYourself}, "a referent": {odile, org.ErrMayNot}, "an aidant": {w.Jeanne, org.ErrMayNot}, "no fresh factor": {stale, org.ErrFactorTooOld},
		"the operator, there being two": {journal.Program(), org.ErrMayNot}} {
		if err := r.Confirm(ctx, c.by, id); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := r.Confirm(ctx, bea, id); err != nil {
		t.Fatal(err)
	}
	if err := r.Confirm(ctx, bea, id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	if told := *w.Told; len(told) != 1 || told[0].Invitation != id {
		t.Errorf("told %v", told)
	}
	person, err := r.Accept(ctx, invitation.Accepting{Secret: link(t, w, id)}, nobody)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := w.Directory.Find(ctx, person); err != nil || !p.Administrator || len(p.Memberships) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	w.Content(t)
}

func TestProposeAdministrator_Refuses(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, ada, odile := t.Context(), w.Invitations, w.Administrator(t, "ada"), w.Referent(t, w.Here, "odile")
	stale, n := ada, guest("carla")
	stale.FactorAt = stale.FactorAt.Add(-2 * org.FactorLife)
	n.Organisation = w.Here
	for name, c := range map[string]struct {
		by   journal.Actor
		n    invitation.Invitee
		want error
	}{"a referent": {odile, guest("carla"), org.ErrMayNot}, "no fresh factor": {stale, guest("carla"), org.ErrFactorTooOld}, "roles": {ada, guest("carla", org.RoleAidant), invitation.ErrFields},
		"an organisation": {ada, n, invitation.ErrFields}} {
		if _, err := r.ProposeAdministrator(ctx, c.by, c.n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	id, err := r.ProposeAdministrator(ctx, ada, guest("carla"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ProposeAdministrator(ctx, ada, guest("carla")); !errors.Is(err, db.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	if err := r.Resend(ctx, ada, id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("sent before it is confirmed: %v", err)
	}
	for name, by := range map[string]journal.Actor{"referent": odile, "aidant": w.Jeanne} {
		if err := r.Withdraw(ctx, by, id); err == nil {
			t.Errorf("withdrawn by %s", name)
		}
	}
	invited, err := r.Invite(ctx, odile, guest("nadia", org.RoleAidant))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Confirm(ctx, ada, invited); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("an organisation's invitation is confirmed: %v", err)
	}
	// One administrator is alone: the operator confirms for them. A proposal is late as an invitation is.
	w.Clock.Advance(invitation.Life)
	if err := r.Confirm(ctx, journal.Program(), id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("late: %v", err)
	}
	ada.FactorAt = w.Clock.Now()
	if err := r.Withdraw(ctx, ada, id); err != nil {
		t.Fatal(err)
	}
	if id, err = r.ProposeAdministrator(ctx, ada, guest("carla")); err != nil {
		t.Fatal(err)
	}
	if err := r.Confirm(ctx, journal.Program(), id); err != nil {
		t.Errorf("by the operator: %v", err)
	}
	w.Content(t)
}

// Who works somewhere, or audits, does not become an administrator; who has left everywhere can.
func TestAdministrator_IsNothingElse(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r := t.Context(), w.Invitations
	ada, bea, sofia := w.Administrator(t, "ada"), w.Administrator(t, "bea"), w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")
	id, err := r.ProposeAdministrator(ctx, ada, guest("carla"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Confirm(ctx, bea, id); err != nil {
		t.Fatal(err)
	}
	secret := link(t, w, id)
	for name, c := range map[string]struct {
		person uuid.UUID
		want   error
	}{"an aidant": {w.Ines.Person, org.ErrOneOffice}, "an auditor": {sofia.Person, org.ErrOneOffice}, "an administrator": {bea.Person, db.ErrConflict}} {
		if _, err := r.Accept(ctx, invitation.Accepting{Secret: secret, Person: c.person}, nobody); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := w.Directory.Leave(ctx, ada, w.Ines.Person, w.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Accept(ctx, invitation.Accepting{Secret: secret, Person: w.Ines.Person}, nobody); err != nil {
		t.Errorf("who has left: %v", err)
	}
	if p, err := w.Directory.Find(ctx, w.Ines.Person); err != nil || !p.Administrator {
		t.Errorf("%+v, %v", p, err)
	}
	w.Content(t)
}

// The first administrator is invited once: by one command of several at once, and never again once there is one.
func TestFirst_Once(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r := t.Context(), w.Invitations
	if _, err := r.First(ctx, guest("x y")); !errors.Is(err, org.ErrContact) {
		t.Errorf("no address: %v", err)
	}
	links, errs := make([]string, 4), make([]error, 4)
	var wg sync.WaitGroup
	for i := range links {
		wg.Go(func() { links[i], errs[i] = r.First(ctx, guest("ada"+string(rune('a'+i)))) })
	}
	wg.Wait()
	works := ""
	for i, err := range errs {
		switch {
		case err == nil && works == "":
			works = links[i]
		case err == nil || !errors.Is(err, db.ErrConflict):
			t.Errorf("%d: %v", i, err)
		}
	}
	i, err := r.Read(ctx, works)
	if err != nil || !i.Administrator() {
		t.Fatalf("%+v, %v", i, err)
	}
	w.Clock.Advance(invitation.Life)
	again, err := r.First(ctx, invitation.Invitee{Email: i.Email, GivenName: "A", UsualName: "B"})
	if err != nil {
		t.Fatalf("after it came to nothing: %v", err)
	}
	if _, err := r.Read(ctx, works); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("the old link: %v", err)
	}
	person, err := r.Accept(ctx, invitation.Accepting{Secret: again}, nobody)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(invitation.Life)
	if _, err := r.First(ctx, guest("mallory")); !errors.Is(err, db.ErrConflict) {
		t.Errorf("once there is one: %v", err)
	}
	if err := w.Directory.Suspend(ctx, journal.Program(), person); err != nil {
		t.Fatal(err)
	}
	if _, err := r.First(ctx, guest("mallory")); !errors.Is(err, db.ErrConflict) {
		t.Errorf("once they are suspended: %v", err)
	}
	w.Content(t)
}

func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, ada := t.Context(), w.Administrator(t, "ada")
	w.Administrator(t, "bea")
	id, err := w.Invitations.ProposeAdministrator(ctx, ada, guest("carla"))
	if err != nil {
		t.Fatal(err)
	}
	auditor := w.OpenAuditor(t)
	w.Content(t)
	for _, c := range []struct{ do, undo string }{
		{`update invitation set state = 'open' where id = $1`, `update invitation set state = 'proposed' where id = $1`},
		{`update invitation set confirmed_by = (select id from person where email like 'bea@%') where id = $1`, `update invitation set confirmed_by = null where id = $1`},
		{`update invitation set expires_at = expires_at + interval '1 year' where id = $1`, `update invitation set expires_at = expires_at - interval '1 year' where id = $1`},
		{`update invitation set administrator = false, state = 'open', roles = '{referent}', organisation_id = (select id from organisation limit 1) where id = $1`,
			`update invitation set administrator = true, state = 'proposed', roles = '{}', organisation_id = null where id = $1`},
		{`insert into invitation select gen_random_uuid(), organisation_id, administrator, roles, 'mallory@exemple.invalid', given_name, usual_name, profession, digital_adviser, phone, lang,
			'open', sha256('x'), invited_by, confirmed_by, person_id, created_at, expires_at, decided_at from invitation where id = $1`, `delete from invitation where id <> $1`},
		{`delete from invitation where id = $1`, ``},
	} {
		w.Behind(t, c.do, id)
		found, err := invitation.Compare(ctx, auditor)
		if err != nil || len(found) != 1 || found[0].Of != "invitation" {
			t.Errorf("%s: found %v, %v", c.do, found, err)
		}
		if c.undo != "" {
			w.Behind(t, c.undo, id)
		}
	}
}

// Who was proposed by an administrator, or proposed them, is no second person; the operator is when there is nobody else, and anybody who is old enough.
func TestAdministrator_IsNotMadeByOnesOwnMaking(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r := t.Context(), w.Invitations
	ada := w.Administrator(t, "ada")
	propose := func(by journal.Actor, name string) uuid.UUID {
		t.Helper()
		by.FactorAt = w.Clock.Now()
		id, err := r.ProposeAdministrator(ctx, by, guest(name))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	confirm := func(by journal.Actor, id uuid.UUID) error {
		by.FactorAt = w.Clock.Now()
		return r.Confirm(ctx, by, id)
	}
	appoint := func(name string) journal.Actor {
		t.Helper()
		id := propose(ada, name)
		if err := r.Confirm(ctx, journal.Program(), id); err != nil {
			t.Fatal(err)
		}
		who, err := r.Accept(ctx, invitation.Accepting{Secret: link(t, w, id), Issuer: fixture.Issuer, Sub: "sub-" + name}, nobody)
		if err != nil {
			t.Fatal(err)
		}
		fixture.Agree(t, w.Database, w.Clock.Now(), who)
		return journal.Actor{Kind: journal.Administrator, Person: who}
	}
	bea := appoint("bea")
	carla := appoint("carla")
	w.Clock.Advance(org.Settled + time.Hour)
	if err := confirm(bea, propose(ada, "dora")); !errors.Is(err, org.ErrNotSecond) {
		t.Errorf("by whom the proposer had proposed: %v", err)
	}
	his := propose(bea, "emma")
	if err := confirm(ada, his); !errors.Is(err, org.ErrNotSecond) {
		t.Errorf("by who had proposed the proposer: %v", err)
	}
	if err := r.Confirm(ctx, journal.Program(), his); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("by the operator, while carla may: %v", err)
	}
	if err := confirm(carla, his); err != nil {
		t.Errorf("by carla: %v", err)
	}
	w.Clock.Advance(-time.Hour - time.Minute)
	if err := confirm(carla, propose(bea, "fanny")); !errors.Is(err, org.ErrNotSecond) {
		t.Errorf("by who is one for less than a week: %v", err)
	}
	w.Clock.Advance(time.Hour + time.Minute)
	sound(t, w)
}

// A decision does not outlive who made it: nobody accepts what was decided by somebody who is suspended since.
func TestDecisions_EndWithWhoMadeThem(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r, operator := t.Context(), w.Invitations, journal.Program()
	odile, other := w.Referent(t, w.Here, "odile"), w.Referent(t, w.Here, "oscar")
	ada, bea, cleo := w.Administrator(t, "ada"), w.Administrator(t, "bea"), w.Administrator(t, "cleo")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	opensNothing := func(what, secret string) {
		t.Helper()
		if _, err := r.Read(ctx, secret); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s, read: %v", what, err)
		}
		if _, err := r.Accept(ctx, invitation.Accepting{Secret: secret}, nobody); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s, accepted: %v", what, err)
		}
	}
	team, secret := invite(t, w, odile, guest("gaston", org.RoleReferent))
	one, err := r.ProposeAdministrator(ctx, ada, guest("mallory"))
	must(err)
	two, err := r.ProposeAdministrator(ctx, bea, guest("nestor"))
	must(err)
	must(r.Confirm(ctx, ada, two))
	secretTwo := link(t, w, two)

	must(w.Directory.Suspend(ctx, operator, odile.Person))
	opensNothing("a suspended referent's", secret)
	if _, err := r.Write(ctx, team); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a link of what nobody vouches for: %v", err)
	}
	must(w.Directory.Suspend(ctx, operator, ada.Person))
	if err := r.Confirm(ctx, bea, one); !errors.Is(err, db.ErrConflict) {
		t.Errorf("confirmed what a suspended administrator proposed: %v", err)
	}
	opensNothing("confirmed by a suspended administrator", secretTwo)

	// Sent again, it is somebody else's; that of an administrator takes two again.
	must(r.Resend(ctx, other, team))
	if i, err := r.Find(ctx, team); err != nil || i.InvitedBy != other.Person || i.State != invitation.Open {
		t.Errorf("%+v, %v", i, err)
	}
	if _, err := r.Accept(ctx, invitation.Accepting{Secret: link(t, w, team)}, nobody); err != nil {
		t.Errorf("sent again: %v", err)
	}
	must(r.Resend(ctx, bea, two))
	if i, err := r.Find(ctx, two); err != nil || i.InvitedBy != bea.Person || i.State != invitation.Proposed {
		t.Errorf("%+v, %v", i, err)
	}
	must(r.Confirm(ctx, cleo, two))
	if _, err := r.Accept(ctx, invitation.Accepting{Secret: link(t, w, two)}, nobody); err != nil {
		t.Errorf("confirmed again: %v", err)
	}
	sound(t, w)
}

// What two have decided on counts for its 72 hours; later, one alone sends nothing.
func TestAdministrator_LateTakesTwoAgain(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, r := t.Context(), w.Invitations
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	id, err := r.ProposeAdministrator(ctx, ada, guest("zoe"))
	if err := errors.Join(err, r.Confirm(ctx, bea, id), r.Resend(ctx, ada, id)); err != nil {
		t.Fatal(err)
	}
	if i, err := r.Find(ctx, id); err != nil || i.State != invitation.Open {
		t.Errorf("in time: %+v, %v", i, err)
	}
	w.Clock.Advance(invitation.Life)
	ada.FactorAt, bea.FactorAt = w.Clock.Now(), w.Clock.Now()
	if err := r.Resend(ctx, ada, id); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write(ctx, id); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a link that one administrator sent: %v", err)
	}
	if err := r.Confirm(ctx, ada, id); !errors.Is(err, org.ErrYourself) {
		t.Errorf("confirmed by the same: %v", err)
	}
	if err := r.Confirm(ctx, bea, id); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Accept(ctx, invitation.Accepting{Secret: link(t, w, id)}, nobody); err != nil {
		t.Error(err)
	}
	sound(t, w)
}

// sound fails the test unless the tables say what the entries say.
func sound(t testing.TB, w *fixture.World) {
	t.Helper()
	w.Content(t)
	found, err := comparison.Run(t.Context(), w.OpenAuditor(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		t.Error(d)
	}
}
