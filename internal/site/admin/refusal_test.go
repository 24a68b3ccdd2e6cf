package admin

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/sitetest"
)

// posts are all acts of administrators, with what a form would send.
func posts(o *office) map[string][]string {
	here, she, some := organisationPath(o.Here), path(o.Jeanne), uuid.NewString()
	return map[string][]string{"/admin/structures": append(append([]string{"siret", known}, particulars...), firstReferent...),
		here + "/modification": append([]string{"siret", "21750001600019"}, particulars...), here + "/suspension": nil, here + "/reprise": nil,
		here + "/demarches":                      {"procedures", fixture.Tax},
		here + "/horaires":                       {"opens1", "08:15", "closes1", "18:00", "version", "0"},
		here + "/referent":                       {"given_name", "A", "usual_name", "B", "email", "a@b.fr"},
		"/admin/invitations/" + some + "/renvoi": nil, "/admin/invitations/" + some + "/retrait": nil,
		"/admin/personnes": {"email", "jeanne@exemple.invalid"}, she + "/suspension": nil, she + "/reprise": nil, she + "/identite": nil, she + "/identite/refus": nil, she + "/reinitialisation": nil,
		she + "/formation": {"trained_on", "2026-01-08", "organiser", "A", "training", "peer"}, she + "/test": {"tested_on", "2026-01-09", "score", "900"}, she + "/certification": nil,
		she + "/certification/suspension": nil, she + "/certification/reprise": nil, "/admin/imports": nil, "/admin/imports/confirmation": nil, "/admin/imports/suite": nil, "/admin/cartes": nil,
		"/admin/cartes/GADT0001/envoi": {"siret", "21750001600019"}, "/admin/cartes/GADT0001/perte": nil,
		"/admin/travaux/42/reprise": nil, "/admin/administrateurs": {"given_name", "A", "usual_name", "B", "email", "a@b.fr"}, "/admin/administrateurs/" + some + "/accord": nil,
		"/admin/administrateurs/" + some + "/retrait": nil, "/admin/administrateurs/" + o.alan.Person.String() + "/fin": nil, "/admin/destinataires/" + o.alan.Person.String() + "/fin": nil, "/admin/reinitialisations/" + some + "/accord": nil, "/admin/reinitialisations/" + some + "/refus": nil}
}

// W35: nobody but an administrator does any of this, whatever their role elsewhere.
func TestRefused_WithoutTheOffice(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	boss := o.Referent(t, o.Here, "rose")
	suspended := o.Visit(t, o.alan, o.Clock.Now())
	if err := o.Directory.Suspend(t.Context(), journal.Program(), o.alan.Person); err != nil {
		t.Fatal(err)
	}
	others := []*sitetest.Browser{o.Visit(t, boss, o.Clock.Now()), o.Visit(t, o.Jeanne, o.Clock.Now())}
	nobody := o.Stranger(t)
	before := o.Count(t, `select count(*) from journal_entry`)
	for act, fields := range posts(o) {
		for _, b := range others {
			b.Without(b.Want(b.Post(act, fields...), 403), "jeanne@exemple.invalid")
		}
		nobody.Want(nobody.Post(act, fields...), 303, "/connexion")
	}
	suspended.Want(suspended.Post(path(o.Jeanne)+"/suspension"), 403)
	for _, p := range []string{"/admin", "/admin/structures", organisationPath(o.Here), "/admin/personnes", path(o.Jeanne), "/admin/imports", "/admin/imports/" + uuid.NewString(), "/admin/cartes", "/admin/cartes/GADT0001", "/admin/travaux", "/admin/administrateurs", "/admin/destinataires", "/admin/reinitialisations"} {
		for _, b := range others {
			b.Without(b.Want(b.Get(p), 403), "jeanne@exemple.invalid", "21750001600019")
		}
	}
	if after := o.Count(t, `select count(*) from journal_entry`); after != before {
		t.Errorf("%d entries were added", after-before)
	}
}

// Everything an administrator does needs a second factor given a short while ago. Forms come back as they were filled in.
func TestStale_ChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	old := o.Clock.Now().Add(-org.FactorLife - time.Second)
	late := o.Visit(t, o.ada, old)
	o.stock(t, 1)
	fixture.Equip(t, o.credentials, o.Clock, o.Jeanne)
	if _, err := o.credentials.AskReset(t.Context(), o.alan, o.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	open, err := o.credentials.ResetOf(t.Context(), o.Jeanne.Person)
	if err != nil {
		t.Fatal(err)
	}
	felix := "/admin/destinataires/" + o.Newcomer(t, journal.Fraud, uuid.Nil, "felix").Person.String() + "/fin"
	here, she, reset := organisationPath(o.Here), path(o.Jeanne), "/admin/reinitialisations/"+open.ID.String()
	before := o.Count(t, `select count(*) from journal_entry`)
	for _, form := range []string{"/admin/structures/nouvelle", here + "/modification", here + "/suspension", here + "/demarches", here + "/horaires", here + "/referent", she + "/suspension", she + "/reinitialisation", "/admin/administrateurs/nouveau", "/admin/administrateurs/" + o.alan.Person.String() + "/fin", felix, "/admin/cartes/GADT0001/perte"} {
		late.Want(late.Get(form), 303, "/connexion/confirmation")
	}
	for act, fields := range map[string][]string{here + "/suspension": nil, here + "/reprise": nil, she + "/suspension": nil, she + "/reprise": nil, she + "/certification": nil, she + "/certification/suspension": nil,
		she + "/certification/reprise": nil, reset + "/accord": nil, reset + "/refus": nil, "/admin/imports/suite": nil, "/admin/travaux/42/reprise": nil, path(o.alan) + "/reinitialisation": nil, "/admin/administrateurs/" + o.alan.Person.String() + "/fin": nil, felix: nil, "/admin/cartes/GADT0001/perte": nil} {
		late.Want(late.Post(act, fields...), 303, "/connexion/confirmation")
	}
	all := posts(o)
	for act, form := range map[string]string{"/admin/structures": "/admin/structures/nouvelle", here + "/modification": here + "/modification", here + "/demarches": here + "/demarches", here + "/horaires": here + "/horaires", here + "/referent": here + "/referent", she + "/formation": she, she + "/test": she,
		"/admin/administrateurs": "/admin/administrateurs/nouveau", "/admin/cartes/GADT0001/envoi": "/admin/cartes/GADT0001"} {
		late.Want(late.Post(act, all[act]...), 303, "/connexion/confirmation")
		o.Factor(t, o.ada, o.Clock.Now())
		late.Want(late.Get(form), 200, "Il reste à envoyer", `value="`+all[act][1]+`"`)
		o.Factor(t, o.ada, old)
	}
	if after := o.Count(t, `select count(*) from journal_entry`); after != before {
		t.Errorf("%d entries were added", after-before)
	}
}
