package referent

import (
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/sitetest"
)

// posts are all acts on a person, with what a form would send.
func posts(o *office) map[string][]string {
	return map[string][]string{"/roles/aidant": nil, "/roles/referent": nil, "/roles/aidant/retrait": nil, "/roles/referent/retrait": nil, "/suspension": nil, "/reprise": nil,
		"/releve": {"colleague", o.Paul.Person.String()}, "/demarches": {"procedures", fixture.Tax}, "/identite": {"identity", "x"}, "/identite/refus": {"identity", "x"},
		"/facteurs": nil, "/facteurs/accord": {"reset", uuid.NewString()}, "/facteurs/refus": {"reset", uuid.NewString()}}
}

// W10: a referent reaches nobody of another organisation, by whatever identifier.
func TestForeign_PersonIsNotFound(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	fixture.Equip(t, o.credentials, o.Clock, o.Ines)
	if _, err := o.credentials.AskReset(t.Context(), o.Referent(t, o.Elsewhere, "otto"), o.Ines.Person); err != nil {
		t.Fatal(err)
	}
	reset, err := o.credentials.ResetOf(t.Context(), o.Ines.Person)
	if err != nil {
		t.Fatal(err)
	}
	strangers := []string{path(o.Ines), personPath(uuid.New()), path(o.Administrator(t, "ada")), "/referent/personnes/x"}
	before := o.Count(t, `select count(*) from journal_entry`)
	for _, p := range strangers {
		for act, fields := range posts(o) {
			if len(fields) > 0 && fields[0] == "reset" {
				fields = []string{"reset", reset.ID.String()}
			}
			b.Want(b.Post(p+act, fields...), 404)
		}
		for _, form := range []string{"", "/suspension", "/demarches", "/facteurs", "/attestation.pdf"} {
			b.Without(b.Want(b.Get(p+form), 404), "ines")
		}
	}
	if after := o.Count(t, `select count(*) from journal_entry`); after != before {
		t.Errorf("%d entries were added", after-before)
	}
	o.Content(t)
}

// Acts are refused to whoever is no referent there, or no longer, although their page was open.
func TestRefused_WithoutTheRole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	aidant := o.Visit(t, o.Jeanne, o.Clock.Now())
	second := o.both(t)
	ended := o.Visit(t, second, o.Clock.Now())
	admin := o.Visit(t, o.Administrator(t, "ada"), o.Clock.Now())
	if err := o.Directory.TakeRole(t.Context(), o.boss, second.Person, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	nobody := o.Stranger(t)
	before := o.Count(t, `select count(*) from journal_entry`)
	all := map[string][]string{"/referent/structure": {"phone", "1", "email", "a@b.fr"}, openingPath: {"version", "0", "opens1", "08:00", "closes1", "18:00"},
		"/referent/invitations": {"given_name", "A", "usual_name", "B", "email", "a@b.fr", "roles", "aidant"}}
	for act, fields := range posts(o) {
		all[path(o.Jeanne)+act] = fields
	}
	for act, fields := range all {
		for _, b := range []*sitetest.Browser{aidant, ended, admin} {
			b.Want(b.Post(act, fields...), 403)
		}
		nobody.Want(nobody.Post(act, fields...), 303, "/connexion")
	}
	for _, p := range []string{"/referent", "/referent/equipe", "/referent/structure", openingPath, path(o.Jeanne)} {
		for _, b := range []*sitetest.Browser{aidant, ended, admin} {
			b.Without(b.Want(b.Get(p), 403), "jeanne@")
		}
	}
	if after := o.Count(t, `select count(*) from journal_entry`); after != before {
		t.Errorf("%d entries were added", after-before)
	}
}

// The domain refuses by itself: the role ends between the guard and the act.
func TestRefused_ByTheDomain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	former := o.both(t)
	if err := o.Directory.TakeRole(t.Context(), o.boss, former.Person, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	pretender := o.Jeanne
	pretender.Kind = journal.Referent
	for name, by := range map[string]journal.Actor{"a former referent": former, "an aidant who says so": pretender} {
		ctx, d := t.Context(), o.Directory
		_, reset := o.credentials.AskReset(ctx, by, o.boss.Person)
		_, handed := o.Caseload.HandOver(ctx, by, o.Jeanne.Person, o.Paul.Person)
		for act, err := range map[string]error{"suspend": d.SuspendIn(ctx, by, o.boss.Person), "give": d.GiveRole(ctx, by, o.Jeanne.Person, org.RoleReferent),
			"take": d.TakeRole(ctx, by, o.boss.Person, org.RoleReferent), "limit": d.LimitProcedures(ctx, by, o.boss.Person, nil), "limit all": d.LimitOrganisation(ctx, by, o.Here, nil),
			"resume": d.ResumeIn(ctx, by, o.Jeanne.Person), "reset": reset, "hand over": handed} {
			if org.Why(err) == "" {
				t.Errorf("%s: %s: %v", name, act, err)
			}
		}
	}
}
