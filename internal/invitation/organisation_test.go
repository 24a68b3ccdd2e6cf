package invitation_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

func house() org.Organisation {
	return org.Organisation{SIRET: "21690123100011", Name: "CCAS", Address: "1 rue", Postcode: "69001", City: "Lyon", Phone: "1", Email: "ccas@exemple.invalid", Kind: "ccas"}
}

// An organisation begins with somebody who may run it: both, or neither, and one entry for both.
func TestCreateOrganisation_IsOneActWithItsFirstReferent(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, ada := t.Context(), w.Administrator(t, "ada")
	before := entries(t, w)
	id, err := w.Invitations.CreateOrganisation(ctx, ada, house(), guest("nadia", org.RoleReferent, org.RoleAidant))
	if err != nil {
		t.Fatal(err)
	}
	if o, err := w.Directory.Organisation(ctx, id); err != nil || o.Name != "CCAS" || !o.Active {
		t.Errorf("%+v, %v", o, err)
	}
	open, err := w.Invitations.ListOf(ctx, ada, id)
	if err != nil || len(open) != 1 || open[0].Email != "nadia@exemple.invalid" || open[0].InvitedBy != ada.Person || !slices.Equal(open[0].Roles, []string{"aidant", "referent"}) {
		t.Fatalf("invited %+v, %v", open, err)
	}
	if told := *w.Told; len(told) != 1 || told[0].Kind != "invitation" || told[0].Invitation != open[0].ID {
		t.Errorf("told %v", told)
	}
	if after := entries(t, w); !slices.Equal(after, append(before, "organisation.created")) {
		t.Errorf("entries %v, and then %v", before, after)
	}
	if _, err := w.Invitations.Accept(ctx, invitation.Accepting{Secret: link(t, w, open[0].ID)}, nobody); err != nil {
		t.Error(err)
	}
	w.Content(t)
}

func TestCreateOrganisation_LeavesNothingWhenHalfOfItFails(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, ada := t.Context(), w.Administrator(t, "ada")
	known, faulty := house(), house()
	known.SIRET, faulty.Name = "21750001600019", ""
	broken := errors.New("the queue of messages is broken")
	deaf := invitation.New(w.DB, w.Journal, w.Directory.Telling(func(*db.Tx, time.Time, org.Message) error { return broken }), w.Clock)
	for name, c := range map[string]struct {
		r     *invitation.Register
		o     org.Organisation
		first invitation.Invitee
		want  error
	}{
		"a known SIRET":            {w.Invitations, known, guest("nadia", org.RoleReferent), db.ErrConflict},
		"no name":                  {w.Invitations, faulty, guest("nadia", org.RoleReferent), org.ErrParticulars},
		"nobody to run it":         {w.Invitations, house(), guest("nadia", org.RoleAidant), invitation.ErrFields},
		"a referent with no name":  {w.Invitations, house(), invitation.Invitee{Email: "a@b.fr", Roles: []string{org.RoleReferent}}, invitation.ErrFields},
		"an invitation that fails": {deaf, house(), guest("nadia", org.RoleReferent), broken},
	} {
		before := entries(t, w)
		if _, err := c.r.CreateOrganisation(ctx, ada, c.o, c.first); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if after := entries(t, w); !slices.Equal(before, after) {
			t.Errorf("%s: an entry was left", name)
		}
	}
	var organisations, invitations int
	if err := w.Connect(t, w.Superuser).QueryRow(ctx, `select (select count(*) from organisation), (select count(*) from invitation)`).Scan(&organisations, &invitations); err != nil || organisations != 2 || invitations != 0 {
		t.Errorf("%d organisations and %d invitations, %v", organisations, invitations, err)
	}
	w.Content(t)
}

// entries are the actions of the journal, in their order.
func entries(t *testing.T, w *fixture.World) []string {
	t.Helper()
	var out []string
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select array_agg(action order by id) from journal_entry`).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A form that is sent twice, at once or one after the other, makes one organisation, with one invitation, one message and one entry, and both are
// answered alike.
func TestCreateOrganisation_TwiceIsOnce(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, ada := t.Context(), w.Administrator(t, "ada")
	before := entries(t, w)
	o := house()
	o.ID = token.ID()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if id, err := w.Invitations.CreateOrganisation(ctx, ada, o, guest("nadia", org.RoleReferent)); err != nil || id != o.ID {
				t.Errorf("%v, %v", id, err)
			}
		})
	}
	wg.Wait()
	for range 4 { // more than may be sent to one address
		if id, err := w.Invitations.CreateOrganisation(ctx, ada, o, guest("nadia", org.RoleReferent)); err != nil || id != o.ID {
			t.Errorf("later: %v, %v", id, err)
		}
	}
	if after := entries(t, w); !slices.Equal(after, append(before, "organisation.created")) {
		t.Errorf("entries %v, and then %v", before, after)
	}
	if open, err := w.Invitations.ListOf(ctx, ada, o.ID); err != nil || len(open) != 1 || len(*w.Told) != 1 {
		t.Errorf("invited %v, told %v, %v", open, *w.Told, err)
	}
	w.Content(t)
}

// Who has been sent as many as they may be is told of the last one, twice.
func TestCreateOrganisation_TwiceIsNotTooOften(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, ada := t.Context(), w.Administrator(t, "ada")
	var last org.Organisation
	for _, siret := range []string{"21690123100011", "13002526500013", "35600000049837"} {
		last = house()
		last.ID, last.SIRET = token.ID(), siret
		if _, err := w.Invitations.CreateOrganisation(ctx, ada, last, guest("nadia", org.RoleReferent)); err != nil {
			t.Fatal(err)
		}
	}
	if id, err := w.Invitations.CreateOrganisation(ctx, ada, last, guest("nadia", org.RoleReferent)); err != nil || id != last.ID {
		t.Errorf("%v, %v", id, err)
	}
	last.ID = token.ID()
	_, err := w.Invitations.CreateOrganisation(ctx, ada, last, guest("nadia", org.RoleReferent))
	if _, often := errors.AsType[throttle.WaitError](err); !often {
		t.Errorf("another one: %v", err)
	}
	w.Content(t)
}

// What differs from what was made is refused: nobody is told that something was done which was not.
func TestCreateOrganisation_TwiceIsTheSame(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, ada, alan := t.Context(), w.Administrator(t, "ada"), w.Administrator(t, "alan")
	made := house()
	made.ID = token.ID()
	if _, err := w.Invitations.CreateOrganisation(ctx, ada, made, guest("nadia", org.RoleReferent)); err != nil {
		t.Fatal(err)
	}
	another, elsewhere, number := made, made, made
	another.ID, elsewhere.City, number.SIRET = token.ID(), "Villeurbanne", "13002526500013"
	renamed := guest("nadia", org.RoleReferent)
	renamed.UsualName = "Autre"
	given, address := guest("nadia", org.RoleReferent), guest("nadia", org.RoleReferent)
	given.GivenName, address.Email = "Autre", "autre@exemple.invalid"
	for name, c := range map[string]struct {
		by    journal.Actor
		o     org.Organisation
		first invitation.Invitee
	}{
		"another form":              {ada, another, guest("nadia", org.RoleReferent)},
		"another town":              {ada, elsewhere, guest("nadia", org.RoleReferent)},
		"another SIRET":             {ada, number, guest("nadia", org.RoleReferent)},
		"another referent":          {ada, made, guest("nora", org.RoleReferent)},
		"another address":           {ada, made, address},
		"another usual name":        {ada, made, renamed},
		"another given name":        {ada, made, given},
		"another role":              {ada, made, guest("nadia", org.RoleReferent, org.RoleAidant)},
		"another administrator's":   {alan, made, guest("nadia", org.RoleReferent)},
		"nobody who may administer": {w.Jeanne, made, guest("nadia", org.RoleReferent)},
	} {
		want := db.ErrConflict
		if c.by.Person == w.Jeanne.Person {
			want = org.ErrMayNot
		}
		if id, err := w.Invitations.CreateOrganisation(ctx, c.by, c.o, c.first); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v, want %v", name, id, err, want)
		}
	}
	if len(*w.Told) != 1 {
		t.Errorf("told %v", *w.Told)
	}
	w.Content(t)
}
