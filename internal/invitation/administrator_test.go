package invitation_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

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
