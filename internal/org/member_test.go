package org_test

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// referentActs are what a referent does to a colleague.
func referentActs(t *testing.T, w *fixture.World) map[string]func(by journal.Actor, person uuid.UUID) error {
	ctx, d := t.Context(), w.Directory
	return map[string]func(journal.Actor, uuid.UUID) error{
		"suspend":   func(by journal.Actor, p uuid.UUID) error { return d.SuspendIn(ctx, by, p) },
		"reinstate": func(by journal.Actor, p uuid.UUID) error { return d.ResumeIn(ctx, by, p) },
		"resume":    func(by journal.Actor, p uuid.UUID) error { return d.Resume(ctx, by, p) },
		"give role": func(by journal.Actor, p uuid.UUID) error { return d.GiveRole(ctx, by, p, org.RoleReferent) },
		"take role": func(by journal.Actor, p uuid.UUID) error { return d.TakeRole(ctx, by, p, org.RoleAidant) },
		"limit":     func(by journal.Actor, p uuid.UUID) error { return d.LimitProcedures(ctx, by, p, []string{fixture.Tax}) },
		"rename":    func(by journal.Actor, p uuid.UUID) error { return d.Rename(ctx, by, p, "A", "B") },
	}
}

// W10: the referent of another organisation, an aidant, a suspended referent, and whoever else is not this organisation's referent can do nothing to
// its people, whatever id they send.
func TestReferent_CannotReachAnotherOrganisation(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	elsewhere, suspended, left := w.Referent(t, w.Elsewhere, "elsa"), w.Referent(t, w.Here, "simon"), w.Referent(t, w.Here, "lea")
	odile, stale := w.Referent(t, w.Here, "odile"), w.Referent(t, w.Here, "olga")
	stale.FactorAt = stale.FactorAt.Add(-org.FactorLife - time.Minute)
	never := odile
	never.FactorAt = time.Time{}
	for _, err := range []error{w.Directory.SuspendIn(t.Context(), odile, suspended.Person), w.Directory.TakeRole(t.Context(), odile, left.Person, org.RoleReferent)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	pretending, aidant, auditor := elsewhere, w.Paul, w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")
	pretending.Organisation = w.Here
	aidant.Kind = journal.Referent
	auditor.Kind = journal.Referent
	for name, act := range referentActs(t, w) {
		for who, c := range map[string]struct {
			by   journal.Actor
			want error
		}{
			"elsewhere's referent": {elsewhere, db.ErrNotFound}, "elsewhere's referent, naming this organisation": {pretending, org.ErrMayNot},
			"an aidant": {w.Paul, org.ErrMayNot}, "an aidant who says referent": {aidant, org.ErrMayNot}, "an auditor": {auditor, org.ErrMayNot},
			"a suspended referent": {suspended, org.ErrMayNot}, "one who has left": {left, org.ErrMayNot},
			"one without a fresh factor": {stale, org.ErrFactorTooOld}, "one without any factor": {never, org.ErrFactorTooOld},
		} {
			if err := act(c.by, w.Jeanne.Person); !errors.Is(err, c.want) {
				t.Errorf("%s by %s: %v, want %v", name, who, err, c.want)
			}
		}
		if err := act(odile, w.Ines.Person); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s of elsewhere's aidant: %v", name, err)
		}
		if err := act(odile, uuid.New()); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s of nobody: %v", name, err)
		}
	}
	if err := mayAct(t, w, w.Jeanne); err != nil {
		t.Errorf("Jeanne: %v", err)
	}
	w.Content(t)
}

func TestReferent_RunsTheirOrganisation(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, odile, jeanne := t.Context(), w.Directory, w.Referent(t, w.Here, "odile"), w.Jeanne.Person
	for i, step := range []struct{ got, want error }{
		{d.SuspendIn(ctx, odile, odile.Person), org.ErrYourself},
		{d.ResumeIn(ctx, odile, jeanne), db.ErrConflict},
		{d.SuspendIn(ctx, odile, jeanne), nil},
		{d.SuspendIn(ctx, odile, jeanne), db.ErrConflict},
		{d.GiveRole(ctx, odile, jeanne, org.RoleReferent), db.ErrConflict}, // suspended
		{d.ResumeIn(ctx, odile, jeanne), nil},
		{d.GiveRole(ctx, odile, jeanne, org.RoleAidant), db.ErrConflict}, // has it
		{d.TakeRole(ctx, odile, odile.Person, org.RoleReferent), org.ErrLastReferent},
		{d.GiveRole(ctx, odile, jeanne, org.RoleReferent), nil},
		{d.SuspendIn(ctx, odile, jeanne), nil},
		{d.TakeRole(ctx, odile, odile.Person, org.RoleReferent), org.ErrLastReferent}, // the other one is suspended
		{d.ResumeIn(ctx, odile, jeanne), nil},
		{d.Suspend(ctx, journal.Program(), jeanne), nil},
		{d.TakeRole(ctx, odile, odile.Person, org.RoleReferent), org.ErrLastReferent}, // everywhere
		{d.Resume(ctx, journal.Program(), jeanne), nil},
		{d.TakeRole(ctx, odile, odile.Person, org.RoleReferent), nil},
		{d.TakeRole(ctx, odile, jeanne, org.RoleAidant), org.ErrMayNot}, // no referent any more
		{d.Rename(ctx, w.Jeanne, w.Paul.Person, "X", "Y"), org.ErrMayNot},
		{d.Rename(ctx, odile, odile.Person, "X", "Y"), org.ErrYourself},
		{d.LimitProcedures(ctx, odile, jeanne, []string{}), org.ErrParticulars},
		{d.LimitProcedures(ctx, odile, jeanne, []string{fixture.Tax, "argent-impots"}), org.ErrParticulars},
		{d.LimitProcedures(ctx, odile, odile.Person, nil), org.ErrYourself},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("step %d: %v, want %v", i, step.got, step.want)
		}
	}
	w.Content(t)
}

// What was limited or suspended is not brought back by leaving and joining.
func TestJoin_BeginsAfresh(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, odile, program := t.Context(), w.Directory, w.Referent(t, w.Here, "odile"), journal.Program()
	for i, err := range []error{
		d.LimitProcedures(ctx, odile, w.Jeanne.Person, []string{fixture.Tax}), d.SuspendIn(ctx, odile, w.Jeanne.Person),
		d.Leave(ctx, program, w.Jeanne.Person, w.Here, org.RoleAidant), d.Join(ctx, program, w.Jeanne.Person, w.Here, org.RoleAidant),
	} {
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	o, err := d.Acting(ctx, w.Jeanne, w.Clock.Now())
	if err != nil || o.Limit != nil {
		t.Errorf("%v, %v", o.Limit, err)
	}
	w.Content(t)
}

// Of two referents who leave at the same moment one stays: each is the last without the other.
func TestTakeRole_LeavesOneReferent(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	both := []journal.Actor{w.Referent(t, w.Here, "odile"), w.Referent(t, w.Here, "olga")}
	gate, watch := w.Connect(t, w.Superuser), w.Connect(t, w.Superuser)
	for round := range 4 {
		// Both wait at the gate, each for their own row, and go on together.
		if _, err := gate.Exec(t.Context(), `begin; select from person for update`); err != nil {
			t.Fatal(err)
		}
		errs := make([]error, len(both))
		var wg sync.WaitGroup
		for i, by := range both {
			wg.Go(func() { errs[i] = w.Directory.TakeRole(t.Context(), by, by.Person, org.RoleReferent) })
		}
		for waiting, deadline := 0, time.Now().Add(time.Minute); waiting < len(both) && time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
			err := watch.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waiting)
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := gate.Exec(t.Context(), `commit`); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), org.ErrLastReferent) {
			t.Fatalf("round %d: %v", round, errs)
		}
		left := both[0]
		if errs[1] == nil {
			left = both[1]
		}
		if err := w.Directory.Join(t.Context(), journal.Program(), left.Person, w.Here, org.RoleReferent); err != nil {
			t.Fatal(err)
		}
	}
	w.Content(t)
}

// Who accepted an invitation, and left before they added a second factor, is none with whom an organisation could be left.
func TestTakeRole_LeavesOneWhoCanSignIn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	odile := w.Referent(t, w.Here, "odile")
	stranded, err := w.Directory.AddPerson(t.Context(), journal.Program(), org.Person{Email: "nora@exemple.invalid", EmailVerified: true, GivenName: "Nora", UsualName: "Fictif"}, w.Here, org.RoleReferent)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(when string) {
		t.Helper()
		if err := w.Directory.TakeRole(t.Context(), odile, odile.Person, org.RoleReferent); !errors.Is(err, org.ErrLastReferent) {
			t.Errorf("the only one who can sign in, %s: %v", when, err)
		}
	}
	refused("without anything")
	w.Behind(t, `insert into credential_totp (id, person_id, kind, name, data_key, seed, period, created_at) values (gen_random_uuid(), $1, 'app', 'app', '', '', 30, now())`, stranded)
	refused("with an application whose first code was not given")
	w.Behind(t, `update credential_totp set confirmed_at = now() where person_id = $1`, stranded)
	if err := w.Directory.TakeRole(t.Context(), odile, odile.Person, org.RoleReferent); err != nil {
		t.Errorf("once the other one has a factor: %v", err)
	}
}

// Two referents who suspend each other: one does.
func TestSuspendIn_EachOther(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	a, b := w.Referent(t, w.Here, "odile"), w.Referent(t, w.Here, "olga")
	errs := make([]error, 2)
	var wg sync.WaitGroup
	wg.Go(func() { errs[0] = w.Directory.SuspendIn(t.Context(), a, b.Person) })
	wg.Go(func() { errs[1] = w.Directory.SuspendIn(t.Context(), b, a.Person) })
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), org.ErrMayNot) {
		t.Errorf("%v", errs)
	}
	w.Content(t)
}

// Acts of administrators are theirs and the program's, with a fresh second factor; nobody administers themselves away.
func TestAdministrator_IsAskedForWhatIsTheirs(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	ada, gone := w.Administrator(t, "ada"), w.Administrator(t, "gaston")
	stale, auditing, pretending := ada, ada, w.Jeanne
	stale.FactorAt = time.Time{}
	auditing.Kind = journal.Auditor
	pretending.Kind = journal.Administrator
	if err := d.Suspend(ctx, journal.Program(), gone.Person); err != nil {
		t.Fatal(err)
	}
	o, err := d.Organisation(ctx, w.Here)
	if err != nil {
		t.Fatal(err)
	}
	another := org.Organisation{SIRET: "21690123100011", Name: "N", Address: "A", Postcode: "69001", City: "Lyon", Phone: "1", Email: "a@exemple.invalid"}
	for name, act := range map[string]func(journal.Actor) error{
		"create organisation": func(by journal.Actor) error {
			_, err := w.Invitations.CreateOrganisation(ctx, by, another, invitation.Invitee{Email: "first@exemple.invalid", GivenName: "A", UsualName: "B", Roles: []string{org.RoleReferent}})
			return err
		},
		"change organisation":  func(by journal.Actor) error { return d.ChangeOrganisation(ctx, by, o) },
		"suspend organisation": func(by journal.Actor) error { return d.SuspendOrganisation(ctx, by, w.Here) },
		"resume organisation":  func(by journal.Actor) error { return d.ResumeOrganisation(ctx, by, w.Here) },
		"suspend":              func(by journal.Actor) error { return d.Suspend(ctx, by, w.Ines.Person) },
		"resume":               func(by journal.Actor) error { return d.Resume(ctx, by, w.Ines.Person) },
		"join":                 func(by journal.Actor) error { return d.Join(ctx, by, w.Ines.Person, w.Here, org.RoleReferent) },
		"leave":                func(by journal.Actor) error { return d.Leave(ctx, by, w.Ines.Person, w.Here, org.RoleReferent) },
		"rename":               func(by journal.Actor) error { return d.Rename(ctx, by, w.Ines.Person, "Inès", "Fictif") },
		"close":                func(by journal.Actor) error { return d.Close(ctx, by, w.Elsewhere) },
	} {
		for who, c := range map[string]struct {
			by   journal.Actor
			want error
		}{
			"an aidant": {w.Jeanne, org.ErrMayNot}, "an aidant who says administrator": {pretending, org.ErrMayNot}, "a suspended one": {gone, org.ErrMayNot}, "one who does not act as administrator": {auditing, org.ErrMayNot},
			"one without a fresh factor": {stale, org.ErrFactorTooOld}, "nobody": {journal.Actor{Kind: journal.Administrator}, org.ErrMayNot},
		} {
			if err := act(c.by); !errors.Is(err, c.want) {
				t.Errorf("%s by %s: %v, want %v", name, who, err, c.want)
			}
		}
	}
	_, alone := d.CreateOrganisation(ctx, ada, another)
	for i, step := range []struct{ got, want error }{
		{alone, org.ErrMayNot}, // without a referent
		{d.Suspend(ctx, ada, ada.Person), org.ErrYourself}, {d.SuspendOrganisation(ctx, ada, w.Here), nil}, {d.SuspendOrganisation(ctx, ada, w.Here), db.ErrConflict},
		{d.ResumeOrganisation(ctx, ada, w.Here), nil}, {d.ResumeOrganisation(ctx, ada, w.Here), db.ErrConflict}, {d.Close(ctx, ada, w.Elsewhere), nil},
		{d.ResumeOrganisation(ctx, ada, w.Elsewhere), db.ErrConflict}, {d.Close(ctx, ada, w.Elsewhere), db.ErrConflict},
		{d.Join(ctx, ada, ada.Person, w.Here, org.RoleAidant), org.ErrOneOffice},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("step %d: %v, want %v", i, step.got, step.want)
		}
	}
	w.Content(t)
}

func TestAddPerson_OneOfficeAndTheProgramOnly(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	p := org.Person{Email: "new@exemple.invalid", GivenName: "N", UsualName: "N"}
	auditor, both := p, p
	auditor.Auditor = true
	both.Auditor, both.Administrator = true, true
	for name, c := range map[string]struct {
		by    journal.Actor
		p     org.Person
		roles []string
		want  error
	}{
		"an auditor with a role":        {journal.Program(), auditor, []string{org.RoleAidant}, org.ErrOneOffice},
		"an auditor who administers":    {journal.Program(), both, nil, org.ErrOneOffice},
		"by an administrator":           {w.Administrator(t, "ada"), p, []string{org.RoleAidant}, org.ErrMayNot},
		"by a referent":                 {w.Referent(t, w.Here, "odile"), p, []string{org.RoleAidant}, org.ErrMayNot},
		"with the address of somebody":  {journal.Program(), org.Person{Email: "JEANNE@exemple.invalid", GivenName: "N", UsualName: "N"}, nil, db.ErrConflict},
		"with the identity of somebody": {journal.Program(), org.Person{Issuer: fixture.Issuer, Sub: "sub-jeanne", Email: "x@exemple.invalid", GivenName: "N", UsualName: "N"}, nil, db.ErrConflict},
	} {
		if _, err := d.AddPerson(ctx, c.by, c.p, w.Here, c.roles...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	w.Content(t)
}

// W32: people are listed for the referents of their organisation, and for administrators one organisation at a time; there is no other list.
func TestTeam_IsForItsReferents(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, now := t.Context(), w.Directory, w.Clock.Now()
	odile, ada := w.Referent(t, w.Here, "odile"), w.Administrator(t, "ada")
	nadia := w.Newcomer(t, journal.Aidant, w.Here, "nadia", org.RoleAidant)
	for i, err := range []error{d.SuspendIn(ctx, odile, w.Paul.Person), d.GiveRole(ctx, odile, w.Jeanne.Person, org.RoleReferent)} {
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	lea := w.Aidant(t, w.Here, "lea")
	if err := d.TakeRole(ctx, odile, lea.Person, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	team, err := d.Team(ctx, odile, now)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range team {
		got[c.GivenName] = c.State
	}
	want := map[string]string{"jeanne": org.ColleagueActive, "odile": org.ColleagueActive, "paul": org.ColleagueSuspended, "nadia": org.ColleagueTraining, "lea": org.ColleagueLeft}
	for name, state := range want {
		if got[name] != state {
			t.Errorf("%s is %q, want %q", name, got[name], state)
		}
	}
	if len(got) != len(want) {
		t.Errorf("team %v", got)
	}
	if f := org.FiguresOf(team, now); f != (org.Figures{Active: 2, InTraining: 1, Suspended: 1, Left: 1, Aidants: 2, Referents: 2, WithoutFactor: 3}) {
		t.Errorf("figures %+v", f)
	}
	gone, err := d.Colleague(ctx, odile, lea.Person, now)
	if want := (org.Person{ID: lea.Person, GivenName: "lea", UsualName: gone.UsualName}); err != nil || !reflect.DeepEqual(gone.Person, want) || gone.LeftAt == nil || gone.UsualName == "" ||
		gone.Certificate != "" || gone.CertifiedUntil != nil || gone.LastSignIn != nil || gone.Passkeys+gone.Apps+gone.Cards+gone.Recovery > 0 {
		t.Errorf("of who has left a referent is told %+v, %v", gone, err)
	}
	if of, err := d.TeamOf(ctx, ada, w.Here, now); err != nil || len(of) != len(team) {
		t.Errorf("an administrator sees %d, %v", len(of), err)
	}
	if _, err := d.Colleague(ctx, odile, w.Ines.Person, now); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("elsewhere's aidant: %v", err)
	}
	pretending := w.Referent(t, w.Elsewhere, "elsa")
	pretending.Organisation = w.Here
	for who, by := range map[string]journal.Actor{"aidant": w.Paul, "newcomer": nadia, "elsewhere's referent, naming this organisation": pretending, "administrator": ada, "program": journal.Program()} {
		if list, err := d.Team(ctx, by, now); !errors.Is(err, org.ErrMayNot) || len(list) > 0 {
			t.Errorf("team for %s: %d, %v", who, len(list), err)
		}
		if who == "administrator" || who == "program" {
			continue
		}
		for name, err := range map[string]error{
			"team of":        second(d.TeamOf(ctx, by, w.Here, now)),
			"organisations":  second(d.Organisations(ctx, by, "")),
			"administrators": second(d.Administrators(ctx, by)),
		} {
			if !errors.Is(err, org.ErrMayNot) {
				t.Errorf("%s for %s: %v", name, who, err)
			}
		}
	}
	list, err := d.Organisations(ctx, ada, "autre_")
	if err != nil || len(list) != 0 {
		t.Errorf("a pattern is taken for one: %v %v", list, err)
	}
	if list, err = d.Organisations(ctx, ada, " AUTRE "); err != nil || len(list) != 1 || list[0].ID != w.Elsewhere {
		t.Errorf("found %v, %v", list, err)
	}
	if all, err := d.Administrators(ctx, ada); err != nil || !slices.ContainsFunc(all, func(p org.Person) bool { return p.ID == ada.Person }) {
		t.Errorf("administrators %v, %v", all, err)
	}
	w.Content(t)
}

func second[T any](_ T, err error) error { return err }

// A referent limits people; what the organisation may do, administrators say.
func TestLimitOrganisation_IsForAdministrators(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, ada, odile, only := t.Context(), w.Directory, w.Administrator(t, "ada"), w.Referent(t, w.Here, "odile"), []string{fixture.Tax}
	tired, pretender := ada, odile
	tired.FactorAt = w.Clock.Now().Add(-org.FactorLife - time.Second)
	pretender.Kind = journal.Administrator
	if err := d.Close(ctx, journal.Program(), w.Elsewhere); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct{ got, want error }{
		{d.LimitOrganisation(ctx, odile, w.Here, only), org.ErrMayNot},
		{d.LimitOrganisation(ctx, pretender, w.Here, only), org.ErrMayNot},
		{d.LimitOrganisation(ctx, w.Jeanne, w.Here, only), org.ErrMayNot},
		{d.LimitOrganisation(ctx, tired, w.Here, only), org.ErrFactorTooOld},
		{d.LimitOrganisation(ctx, ada, w.Here, []string{}), org.ErrParticulars},
		{d.LimitOrganisation(ctx, ada, w.Here, []string{""}), org.ErrParticulars},
		{d.LimitOrganisation(ctx, ada, w.Here, []string{"argent"}), org.ErrParticulars},
		{d.LimitOrganisation(ctx, ada, w.Elsewhere, only), db.ErrConflict},
		{d.LimitOrganisation(ctx, ada, uuid.New(), only), db.ErrConflict},
	} {
		if !errors.Is(step.got, step.want) {
			t.Errorf("step %d: %v, want %v", i, step.got, step.want)
		}
	}
	if o, err := d.Organisation(ctx, w.Here); err != nil || o.Procedures != nil {
		t.Errorf("limited to %v, %v", o.Procedures, err)
	}
	for _, procedures := range [][]string{only, nil} {
		if err := d.LimitOrganisation(ctx, ada, w.Here, procedures); err != nil {
			t.Fatal(err)
		}
		if o, err := d.Organisation(ctx, w.Here); err != nil || !slices.Equal(o.Procedures, procedures) {
			t.Errorf("%v, want %v, %v", o.Procedures, procedures, err)
		}
	}
	w.Content(t)
}
