package credential_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// creature is a referent of Here whom somebody has brought in.
func (w *world) creature(t testing.TB, by journal.Actor, name string) journal.Actor {
	t.Helper()
	id, err := w.Invitations.Invite(t.Context(), w.fresh(by), invitation.Invitee{Organisation: w.Here, Email: name + "@exemple.invalid", GivenName: "Bis", UsualName: "Fictif", Roles: []string{org.RoleReferent}})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := w.Invitations.Write(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	who, err := w.Invitations.Accept(t.Context(), invitation.Accepting{Secret: secret}, func(*journal.Tx, uuid.UUID) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	fixture.Agree(t, w.Database, w.Clock.Now(), who)
	return journal.Actor{Kind: journal.Referent, Person: who, Organisation: w.Here, Session: w.session}
}

// One human with two addresses is one, however long they wait, and so are two whom one person brought in; an administrator who brought nobody in approves.
func TestReset_TwoAreNotOnesMaking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	victim := w.newcomer(t, "amel")
	w.enrol(t, victim, newKey(t), "clé")
	rene, other := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	bis, ter := w.creature(t, rene, "rene.bis"), w.creature(t, rene, "rene.ter")
	quater := w.creature(t, bis, "rene.quater")
	hers, hersToo := w.creature(t, ada, "ada.bis"), w.creature(t, ada, "ada.ter")
	hires := w.creature(t, other, "nouvelle")
	conn := w.Connect(t, w.Superuser)
	try := func(asker, approver journal.Actor, want error) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `delete from throttle`); err != nil { // the clock goes back and forth
			t.Fatal(err)
		}
		id, err := w.factors.AskReset(t.Context(), w.fresh(asker), victim.Person)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.factors.ApproveReset(t.Context(), w.fresh(approver), id); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%v, want %v", err, want)
		}
		if err := w.factors.RefuseReset(t.Context(), w.fresh(bea), id); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		asker, approver journal.Actor
		week            error // before it is over
		want            error
	}{
		{bis, rene, org.ErrNotSecond, org.ErrNotSecond}, {rene, bis, org.ErrNotSecond, org.ErrNotSecond}, {bis, ter, org.ErrNotSecond, org.ErrNotSecond},
		{quater, rene, org.ErrNotSecond, org.ErrNotSecond}, {hers, ada, org.ErrNotSecond, org.ErrNotSecond}, {hers, hersToo, org.ErrNotSecond, org.ErrNotSecond},
		{bis, hires, org.ErrNotSecond, nil}, {rene, hires, org.ErrNotSecond, nil}, {hires, rene, org.ErrNotSecond, nil}, {hers, rene, org.ErrNotSecond, nil},
		{hers, bea, nil, nil}, {bis, bea, nil, nil}, {rene, ada, nil, nil}, {rene, other, nil, nil},
	} {
		try(c.asker, c.approver, c.week)
		w.Clock.Advance(org.Settled + time.Minute)
		try(c.asker, c.approver, c.want)
		w.Clock.Advance(-org.Settled - time.Minute)
	}
	w.sound(t)
}

// again ends somebody's role of referent and gives it anew, by another one; they keep that of aidant meanwhile.
func (w *world) again(t testing.TB, by journal.Actor, person uuid.UUID) {
	t.Helper()
	for _, err := range []error{
		w.Directory.GiveRole(t.Context(), w.fresh(by), person, org.RoleAidant),
		w.Directory.TakeRole(t.Context(), w.fresh(by), person, org.RoleReferent),
		w.Directory.GiveRole(t.Context(), w.fresh(by), person, org.RoleReferent),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// invitedAgain ends somebody's only role and invites them again.
func (w *world) invitedAgain(t testing.TB, by journal.Actor, person uuid.UUID) {
	t.Helper()
	ctx := t.Context()
	p, err := w.Directory.Find(ctx, person)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Directory.TakeRole(ctx, w.fresh(by), person, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	id, err := w.Invitations.Invite(ctx, w.fresh(by), invitation.Invitee{Organisation: w.Here, Email: p.Email, GivenName: "Bis", UsualName: "Fictif", Roles: []string{org.RoleReferent}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Invitations.Accept(ctx, invitation.Accepting{ID: id, Person: person}, func(*journal.Tx, uuid.UUID) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

// Who gave a role first is not forgotten when somebody else gives it again: nobody has an alias of theirs bring another one in anew, to be two.
func TestReset_WhoGaveARoleIsNotForgotten(t *testing.T) {
	t.Parallel()
	for who, first := range map[string]func(*world, testing.TB) journal.Actor{
		"a referent":       func(w *world, t testing.TB) journal.Actor { return w.Referent(t, w.Here, "rene") },
		"an administrator": func(w *world, t testing.TB) journal.Actor { return w.Administrator(t, "ada") },
	} {
		for how, again := range map[string]func(*world, testing.TB, journal.Actor, uuid.UUID){"given again": (*world).again, "invited again": (*world).invitedAgain} {
			t.Run(who+", "+how, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				victim := w.newcomer(t, "amel")
				w.enrol(t, victim, newKey(t), "clé")
				by := first(w, t)
				w.Referent(t, w.Here, "honnete")
				bis := w.creature(t, by, "bis")
				ter := w.creature(t, bis, "ter")
				again(w, t, ter, bis.Person)
				w.Clock.Advance(org.Settled + time.Minute)
				id, err := w.factors.AskReset(t.Context(), w.fresh(bis), victim.Person)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.factors.ApproveReset(t.Context(), w.fresh(by), id); !errors.Is(err, org.ErrNotSecond) {
					t.Errorf("%v, want ErrNotSecond", err)
				}
				w.sound(t)
			})
		}
	}
}

// Who confirmed an administrator brought them in as much as who proposed them: neither is a second beside them, nor beside a referent whom they invite.
func TestReset_WhoConfirmedAnAdministratorIsNoSecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	victim := w.newcomer(t, "amel")
	w.enrol(t, victim, newKey(t), "clé")
	ada, bea, carla := w.Administrator(t, "ada"), w.Administrator(t, "bea"), w.Administrator(t, "carla")
	proposal, err := w.Invitations.ProposeAdministrator(ctx, w.fresh(ada), invitation.Invitee{Email: "bis@exemple.invalid", GivenName: "Bis", UsualName: "Fictif"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Invitations.Confirm(ctx, w.fresh(bea), proposal); err != nil {
		t.Fatal(err)
	}
	secret, err := w.Invitations.Write(ctx, proposal)
	if err != nil {
		t.Fatal(err)
	}
	who, err := w.Invitations.Accept(ctx, invitation.Accepting{Secret: secret}, func(*journal.Tx, uuid.UUID) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	fixture.Agree(t, w.Database, w.Clock.Now(), who)
	bis := journal.Actor{Kind: journal.Administrator, Person: who, Session: w.session}
	hers := w.creature(t, bis, "hers")
	w.Clock.Advance(org.Settled + time.Minute)
	for name, asker := range map[string]journal.Actor{"the administrator": bis, "whom they invited": hers} {
		id, err := w.factors.AskReset(ctx, w.fresh(asker), victim.Person)
		if err != nil {
			t.Fatal(err)
		}
		for who, by := range map[string]journal.Actor{"proposed": ada, "confirmed": bea} {
			if err := w.factors.ApproveReset(ctx, w.fresh(by), id); !errors.Is(err, org.ErrNotSecond) {
				t.Errorf("%s, by who %s: %v, want ErrNotSecond", name, who, err)
			}
		}
		if err := w.factors.ApproveReset(ctx, w.fresh(carla), id); err != nil {
			t.Errorf("%s, by who had no part in it: %v", name, err)
		}
		if err := w.factors.RefuseReset(ctx, w.fresh(carla), id); err != nil {
			t.Fatal(err)
		}
	}
	w.sound(t)
}

// A third administrator approves what one asks for another; the operator does when there is no third, and asks for the only one.
func TestReset_OfAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, operator := t.Context(), journal.Program()
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	for _, by := range []journal.Actor{ada, bea, w.Jeanne} {
		w.enrol(t, w.fresh(by), newKey(t), "clé")
	}
	lost := func() bool {
		t.Helper()
		w.Clock.Advance(61 * time.Minute)
		done, err := w.factors.DoResets(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return done == 1
	}
	carla := w.Administrator(t, "carla")
	id, err := w.factors.AskReset(ctx, w.fresh(ada), bea.Person)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.factors.ApproveReset(ctx, operator, id); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("the operator, while carla may: %v", err)
	}
	if err := w.factors.ApproveReset(ctx, w.fresh(carla), id); err != nil || !lost() {
		t.Errorf("carla: %v", err)
	}
	w.enrol(t, w.fresh(bea), newKey(t), "clé")

	if err := w.Directory.Suspend(ctx, operator, carla.Person); err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.AskReset(ctx, operator, bea.Person); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("asked by the operator, while ada may: %v", err)
	}
	if id, err = w.factors.AskReset(ctx, w.fresh(ada), bea.Person); err != nil {
		t.Fatal(err)
	}
	if err := w.factors.ApproveReset(ctx, operator, id); err != nil || !lost() {
		t.Errorf("the operator, without a third: %v", err)
	}

	if err := w.Directory.Suspend(ctx, operator, bea.Person); err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.AskReset(ctx, operator, w.Jeanne.Person); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("asked by the operator for an aidant: %v", err)
	}
	if id, err = w.factors.AskReset(ctx, operator, ada.Person); err != nil {
		t.Fatal(err)
	}
	if err := w.factors.RefuseReset(ctx, operator, id); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("refused by the operator: %v", err)
	}
	if err := w.factors.ApproveReset(ctx, operator, id); err != nil || !lost() {
		t.Errorf("the only administrator: %v", err)
	}
	w.sound(t)
}

// An organisation with one referent: an administrator is the second; the operator is, when the only one brought that referent in.
func TestReset_WithOneReferent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.Administrator(t, "ada")
	rene := w.creature(t, ada, "rene")
	w.enrol(t, w.fresh(w.Jeanne), newKey(t), "clé")
	id, err := w.factors.AskReset(t.Context(), w.fresh(rene), w.Jeanne.Person)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.factors.ApproveReset(t.Context(), w.fresh(ada), id); !errors.Is(err, org.ErrNotSecond) {
		t.Errorf("ada, who brought rene in: %v", err)
	}
	bea := w.Administrator(t, "bea")
	if err := w.factors.ApproveReset(t.Context(), journal.Program(), id); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("the operator, while bea may: %v", err)
	}
	if err := w.Directory.Suspend(t.Context(), journal.Program(), bea.Person); err != nil {
		t.Fatal(err)
	}
	if err := w.factors.ApproveReset(t.Context(), journal.Program(), id); err != nil {
		t.Errorf("the operator: %v", err)
	}
	w.sound(t)
}

// Who accepted an invitation and has no way to sign in yet keeps the operator from nothing: they could do it only after a reset of their own.
func TestReset_OperatorBesideWhoCannotSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, operator, ada := t.Context(), journal.Program(), w.Administrator(t, "ada")
	w.enrol(t, w.fresh(ada), newKey(t), "clé")
	rene := w.creature(t, ada, "rene")
	for _, p := range []org.Person{{Administrator: true, Email: "nora@exemple.invalid"}, {Email: "nils@exemple.invalid"}} {
		organisation, roles := uuid.Nil, []string(nil)
		if !p.Administrator {
			organisation, roles = w.Here, []string{org.RoleReferent}
		}
		p.EmailVerified, p.GivenName, p.UsualName = true, "N", "Fictif"
		if _, err := w.Directory.AddPerson(ctx, operator, p, organisation, roles...); err != nil {
			t.Fatal(err)
		}
	}
	id, err := w.factors.AskReset(ctx, operator, ada.Person)
	if err := errors.Join(err, w.factors.ApproveReset(ctx, operator, id)); err != nil {
		t.Errorf("the only administrator who could sign in: %v", err)
	}
	id, err = w.factors.AskReset(ctx, w.fresh(rene), w.Jeanne.Person)
	if err := errors.Join(err, w.factors.ApproveReset(ctx, operator, id)); err != nil {
		t.Errorf("beside the only referent who can sign in, whom the only administrator brought in: %v", err)
	}
	w.sound(t)
}

// A reset is done only if both who decided still may, an hour later.
func TestReset_OfWhoMayNoMore(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world, journal.Actor, journal.Actor) error{
		"who asked was suspended": func(w *world, asker, _ journal.Actor) error {
			return w.Directory.Suspend(t.Context(), journal.Program(), asker.Person)
		},
		"who approved was suspended there": func(w *world, asker, approver journal.Actor) error {
			return w.Directory.SuspendIn(t.Context(), w.fresh(asker), approver.Person)
		},
		"who approved is no referent": func(w *world, asker, approver journal.Actor) error {
			return w.Directory.TakeRole(t.Context(), w.fresh(asker), approver.Person, org.RoleReferent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			victim := w.newcomer(t, "amel")
			w.enrol(t, victim, newKey(t), "clé")
			rene, renee := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
			id, err := w.factors.AskReset(t.Context(), w.fresh(rene), victim.Person)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.factors.ApproveReset(t.Context(), w.fresh(renee), id), end(w, rene, renee)); err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(61 * time.Minute)
			if done, err := w.factors.DoResets(t.Context()); done != 0 || err != nil {
				t.Errorf("done %d, %v", done, err)
			}
			if f, err := w.factors.Factors(t.Context(), victim.Person); err != nil || !f.Any() {
				t.Errorf("%+v, %v", f, err)
			}
			if _, err := w.factors.ResetOf(t.Context(), victim.Person); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("it still waits: %v", err)
			}
			w.sound(t)
		})
	}
}

// Referents decide about who works with them: what they decided about somebody who has left, and administers by now, is not done, and they are told.
func TestReset_OfWhoIsTheirsNoMore(t *testing.T) {
	t.Parallel()
	for name, appointed := range map[string]bool{"left": false, "left, and administers": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx, victim := t.Context(), w.newcomer(t, "amel")
			w.enrol(t, victim, newKey(t), "clé")
			rene, renee := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
			id, err := w.factors.AskReset(ctx, w.fresh(rene), victim.Person)
			if err := errors.Join(err, w.factors.ApproveReset(ctx, w.fresh(renee), id), w.Directory.TakeRole(ctx, w.fresh(rene), victim.Person, org.RoleAidant)); err != nil {
				t.Fatal(err)
			}
			if appointed {
				w.appoint(t, victim.Person)
			}
			w.Clock.Advance(61 * time.Minute)
			if done, err := w.factors.DoResets(ctx); done != 0 || err != nil {
				t.Errorf("done %d, %v", done, err)
			}
			if f, err := w.factors.Factors(ctx, victim.Person); err != nil || !f.Any() {
				t.Errorf("%+v, %v", f, err)
			}
			if n := w.entries(t, "factor.reset_refused"); n != 1 || w.told["factor_reset_refused"] != 1 {
				t.Errorf("%d entries, told %v", n, w.told)
			}
			w.sound(t)
		})
	}
}

// appoint makes an administrator of somebody who works nowhere.
func (w *world) appoint(t testing.TB, person uuid.UUID) {
	t.Helper()
	ctx, ada, bea := t.Context(), w.Administrator(t, "ada"), w.Administrator(t, "bea")
	p, err := w.Directory.Find(ctx, person)
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Invitations.ProposeAdministrator(ctx, w.fresh(ada), invitation.Invitee{Email: p.Email, GivenName: "A", UsualName: "B"})
	if err := errors.Join(err, w.Invitations.Confirm(ctx, w.fresh(bea), id)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Invitations.Accept(ctx, invitation.Accepting{ID: id, Person: person}, func(*journal.Tx, uuid.UUID) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

// The link counts until 72 hours after the reset was done, whenever its mail is written.
func TestReset_LinkOfALateMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.done(t, w.newcomer(t, "amel").Person)
	w.Clock.Advance(71 * time.Hour)
	link, err := w.factors.WriteReset(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.ReadReset(t.Context(), link); err != nil {
		t.Errorf("within 72 hours: %v", err)
	}
	w.Clock.Advance(62 * time.Minute)
	if _, err := w.factors.ReadReset(t.Context(), link); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("after 72 hours: %v", err)
	}
}

// One reset that fails keeps no other waiting.
func TestReset_OneFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := errors.New("no session can be ended")
	first, second := w.newcomer(t, "amel"), w.newcomer(t, "basile")
	rene, renee := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
	for _, by := range []journal.Actor{first, second} {
		w.enrol(t, by, newKey(t), "clé")
		id, err := w.factors.AskReset(t.Context(), w.fresh(rene), by.Person)
		if err := errors.Join(err, w.factors.ApproveReset(t.Context(), w.fresh(renee), id)); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
	}
	w.Clock.Advance(61 * time.Minute)
	w.failing = map[uuid.UUID]error{first.Person: broken}
	if done, err := w.factors.DoResets(t.Context()); done != 1 || !errors.Is(err, broken) {
		t.Errorf("done %d, %v", done, err)
	}
	if f, err := w.factors.Factors(t.Context(), second.Person); err != nil || f.Any() {
		t.Errorf("%+v, %v", f, err)
	}
	w.failing = nil
	if done, err := w.factors.DoResets(t.Context()); done != 1 || err != nil {
		t.Errorf("afterwards %d, %v", done, err)
	}
}

// Who may not decide is told so, and not sent to give a factor first.
func TestReset_RightBeforeFactor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stale := func(by journal.Actor) journal.Actor {
		by.FactorAt = w.Clock.Now().Add(-tooOld)
		return by
	}
	w.enrol(t, w.fresh(w.Jeanne), newKey(t), "clé")
	rene := w.Referent(t, w.Here, "rene")
	_, ask := w.factors.AskReset(t.Context(), stale(w.Paul), w.Jeanne.Person)
	id, err := w.factors.AskReset(t.Context(), rene, w.Jeanne.Person)
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"ask": ask, "approve": w.factors.ApproveReset(t.Context(), stale(w.Paul), id), "refuse": w.factors.RefuseReset(t.Context(), stale(w.Paul), id)} {
		if !errors.Is(err, org.ErrMayNot) || errors.Is(err, org.ErrFactorTooOld) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.factors.AskReset(t.Context(), stale(rene), w.Paul.Person); !errors.Is(err, org.ErrFactorTooOld) {
		t.Errorf("%v", err)
	}
}
