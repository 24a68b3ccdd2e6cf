package admin

import (
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/sitetest"
)

func TestHome_CountsWhatWaits(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	b.Want(b.Get("/admin"), 200, "Rien n’attend", "Structures", "Cartes à codes")
	o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	fixture.Equip(t, o.credentials, o.Clock, o.Jeanne)
	if _, err := o.credentials.AskReset(t.Context(), o.alan, o.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := o.Directory.AskIdentity(t.Context(), fixture.Issuer, "another", o.alan.Person); err != nil {
		t.Fatal(err)
	}
	b.Without(b.Want(b.Get("/admin"), 200, "Une remise à zéro", "Un compte ProConnect à confirmer"), "DUBOIS", "Rien n’attend")
}

var particulars = []string{"name", "Direction du numérique", "kind", "autre", "kind_other", "Ministère", "address", "20 avenue de Ségur", "postcode", "75007", "city", "Paris",
	"phone", "01 99 00 00 00", "email", "accueil@numerique.invalid"}

var firstReferent = []string{"referent_given_name", "Nora", "referent_usual_name", "Neuve", "referent_email", "nora@exemple.invalid", "referent_aidant", "on"}

func TestCreate_WithItsFirstReferent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	b.Want(b.Get("/admin/structures/nouvelle"), 200, "Son premier référent", "EHPAD")
	b.Want(b.Post("/admin/structures"), 422, "Ce numéro n’est pas un SIRET", "Choisissez le type", "Écrivez le prénom")
	fields := append(append([]string{"siret", "130 025 265 00013"}, particulars...), firstReferent...)
	a := b.Want(b.Post("/admin/structures", fields...), 303, "/admin/structures/")
	b.Want(b.Get(a.Location), 200, "La structure est créée, et son premier référent est invité", "nora@exemple.invalid", "Ministère", known, "En activité")
	b.Want(b.Post("/admin/structures", fields...), 422, "a déjà ce SIRET", `value="nora@exemple.invalid"`, `href="`+a.Location+`"`)
	if o.Count(t, `select count(*) from invitation where roles = array['aidant', 'referent']`) != 1 {
		t.Error("the first referent is not invited to both roles")
	}
	b.Want(b.Get("/admin/structures?q=num%C3%A9rique"), 200, "Une structure", a.Location)
	b.Want(b.Get("/admin/structures?q=personne"), 200, "Aucune structure")
	o.Content(t)
}

var formNumber = regexp.MustCompile(`name="form" value="([^"]*)"`)

// A form that is sent twice makes one organisation, and the second answer is that of the first. Who goes back to it for another organisation makes
// another; who goes back and changes something else is told that nothing is changed.
func TestCreate_TwiceIsOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	shown := func(a sitetest.Answer) string { return formNumber.FindStringSubmatch(a.Body)[1] }
	number := shown(b.Get("/admin/structures/nouvelle"))
	if another := shown(b.Get("/admin/structures/nouvelle")); another == number {
		t.Error("two forms are one")
	}
	fields := append(append([]string{"form", number, "siret", known}, particulars...), firstReferent...)
	if again := shown(b.Want(b.Post("/admin/structures", append([]string{"act", "lookup"}, fields...)...), 200)); again != number {
		t.Error("a form that is filled in is another one")
	}
	if again := shown(b.Want(b.Post("/admin/structures", "form", number), 422)); again != number {
		t.Error("a form that is shown again is another one")
	}
	first := b.Want(b.Post("/admin/structures", fields...), 303)
	b.Want(b.Post("/admin/structures", fields...), 303, first.Location)
	changed := append(slices.Clone(fields), "france_services", "FS-2")
	b.Want(b.Post("/admin/structures", changed...), 422, "a déjà ce SIRET", `href="`+first.Location+`"`)
	next := slices.Clone(fields)
	next[3] = broken
	if second := b.Want(b.Post("/admin/structures", next...), 303); second.Location == first.Location {
		t.Error("another SIRET is the same organisation")
	}
	if n := o.Count(t, `select count(*) from invitation`) + o.Count(t, `select count(*) from organisation where siret = $1`, known); n != 3 {
		t.Errorf("%d invitations and organisations, want 2 and 1", n)
	}
	o.Content(t)
}

// What the directory of businesses says is filled in; when it says nothing, everything typed is there, and typing goes on.
func TestLookup_FillsInOrLetsType(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	typed := append([]string{"act", "lookup"}, firstReferent...)
	b.Want(b.Post("/admin/structures", append(typed, "siret", known)...), 200, `value="DIRECTION DU NUMERIQUE"`, `value="75007"`, `value="75107"`, `name="department_code" value="75"`, `value="nora@exemple.invalid"`, "sont repris ci-dessous")
	b.Want(b.Post("/admin/structures", append(typed, "siret", unknown, "name", "Tapé")...), 200, "Aucun établissement", `value="Tapé"`)
	b.Want(b.Post("/admin/structures", append(typed, "siret", broken, "name", "Tapé")...), 200, "ne répond pas", `value="Tapé"`)
	b.Want(b.Post("/admin/structures", append(typed, "siret", "1", "name", "Tapé")...), 422, "n’est pas un SIRET", `value="Tapé"`)
	b.Want(b.Post("/admin/structures", append(append([]string{"siret", broken}, particulars...), firstReferent...)...), 303)
	o.Content(t)
}

func TestOrganisation_ChangeSuspendResume(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	here := organisationPath(o.Here)
	b.Want(b.Get(here), 200, "jeanne Fictif", path(o.Jeanne), "Aucune invitation")
	b.Want(b.Get(here+"/modification"), 200, `value="21750001600019"`)
	b.Want(b.Post(here+"/modification", append([]string{"siret", "21750001600019", "france_services", "FS-1", "habilitation_number", "H-1"}, particulars...)...), 303, here)
	b.Want(b.Get(here), 200, "La structure est modifiée", "FS-1", "Direction du numérique")
	b.Want(b.Post(here+"/modification", append([]string{"siret", "35600000000048"}, particulars...)...), 422, "a déjà ce SIRET", organisationPath(o.Elsewhere))
	b.Want(b.Get(here+"/suspension"), 200, "Plus personne n’agira")
	drawn := o.Draft(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	b.Want(b.Post(here+"/suspension"), 303, here)
	if _, err := o.Mandates.Sign(t.Context(), o.Jeanne, drawn, o.Agreed(t, o.Jeanne, drawn)); org.Why(err) != org.WhyOrganisationClosed {
		t.Errorf("signed for a suspended organisation: %v", err)
	}
	b.Want(b.Get(here), 200, "La structure est suspendue", "Rétablir la structure")
	b.Want(b.Post(here+"/suspension"), 409)
	b.Want(b.Post(here+"/reprise"), 303)
	b.Want(b.Get(here), 200, "La structure est rétablie")
	b.Want(b.Get(here+"/referent"), 200, "Inviter un référent")
	b.Want(b.Post(here+"/referent", "given_name", "", "usual_name", "", "email", "x"), 422, "Écrivez le prénom")
	b.Want(b.Post(here+"/referent", "given_name", "N", "usual_name", "N", "email", "paul@exemple.invalid"), 422, "a déjà un rôle")
	b.Want(b.Post(here+"/referent", "given_name", "Nora", "usual_name", "Neuve", "email", "nora@exemple.invalid"), 303, here)
	open, err := o.invitations.ListOf(t.Context(), o.ada, o.Here)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	b.Want(b.Post("/admin/invitations/"+open[0].ID.String()+"/renvoi"), 303, here)
	b.Want(b.Post("/admin/invitations/"+open[0].ID.String()+"/retrait"), 303, here)
	b.Want(b.Get(here), 200, "L’invitation est retirée")
	for _, p := range []string{organisationPath(uuid.New()), organisationPath(uuid.New()) + "/suspension", organisationPath(uuid.New()) + "/modification", "/admin/structures/x"} {
		b.Want(b.Get(p), 404)
	}
	b.Want(b.Post(organisationPath(uuid.New())+"/suspension"), 404)
	o.Content(t)
}

// W17: what an organisation may do, administrators say; it holds at once.
func TestLimit_OfAnOrganisation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	here := organisationPath(o.Here)
	form := here + "/demarches"
	drawn := o.Draft(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	b.Want(b.Get(here), 200, "Toutes.", `href="`+form+`"`)
	b.Want(b.Get(form), 200, "Maison France Services", `name="every" value="on" checked`)
	b.Want(b.Post(form), 422, "Cochez au moins une démarche")
	b.Want(b.Post(form, "procedures", "invented"), 422)
	b.Want(b.Post(form, "procedures", fixture.Housing), 303, here)
	b.Without(b.Want(b.Get(here), 200, "Les démarches autorisées sont changées", "<li>"), "Toutes.")
	b.Want(b.Get(form), 200, `value="`+fixture.Housing+`" checked`)
	if _, err := o.Mandates.Sign(t.Context(), o.Jeanne, drawn, o.Agreed(t, o.Jeanne, drawn)); !errors.Is(err, draft.ErrNotAllowed) {
		t.Errorf("signed for what the organisation may not do: %v", err)
	}
	b.Want(b.Post(form, "every", "on"), 303)
	b.Want(b.Get(here), 200, "Toutes.")
	b.Want(b.Get(organisationPath(uuid.New())+"/demarches"), 404)
	b.Want(b.Post(organisationPath(uuid.New())+"/demarches", "every", "on"), 404)
	o.Content(t)
}

func TestPerson_SearchSuspendResume(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	b.Want(b.Post("/admin/personnes", "email", "jean"), 422, "Personne n’a cette adresse")
	b.Want(b.Post("/admin/personnes", "email", "Jeanne@exemple.invalid "), 303, path(o.Jeanne))
	b.Want(b.Get(path(o.Jeanne)), 200, "jeanne@exemple.invalid", "Maison France Services", "Certifié")
	b.Want(b.Get(path(o.Jeanne)+"/suspension"), 200, "dans aucune structure")
	b.Want(b.Post(path(o.Jeanne)+"/suspension"), 303, path(o.Jeanne))
	b.Want(b.Get(path(o.Jeanne)), 200, "La personne est suspendue", "Suspension décidée")
	b.Want(b.Post(path(o.Jeanne)+"/suspension"), 409)
	b.Want(b.Post(path(o.Jeanne)+"/reprise"), 303)
	b.Want(b.Get(path(o.Jeanne)), 200, "L’accès est rétabli")
	b.Without(b.Want(b.Get(path(o.ada)), 200, "Administrateur"), "Suspendre la personne", "Certifier")
	for _, act := range []string{"/suspension", "/reinitialisation"} {
		b.Want(b.Get(path(o.ada)+act), 409, "Cela se décide à deux")
		b.Want(b.Post(path(o.ada)+act), 409, "Cela se décide à deux")
	}
	b.Want(b.Get(personPath(uuid.New())), 404)
	b.Want(b.Post(personPath(uuid.New())+"/suspension"), 404)
	o.Content(t)
}

// An administrator corrects anybody's name but their own.
func TestPerson_NameIsCorrected(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	p := "/admin/personnes/" + o.Paul.Person.String()
	b.Want(b.Get(p), 200, `href="`+p+`/nom"`)
	b.Want(b.Post(p+"/nom", "given_name", "Paul2", "usual_name", "x"), 422, "Écrivez le prénom, en lettres")
	b.Want(b.Post(p+"/nom", "given_name", "Paul", "usual_name", "Corrigé"), 303, p)
	b.Want(b.Get(p), 200, "Le nom est corrigé", "Paul Corrigé")
	own := "/admin/personnes/" + o.ada.Person.String()
	b.Without(b.Want(b.Get(own), 200), own+"/nom")
	b.Want(b.Post(own+"/nom", "given_name", "A", "usual_name", "B"), 409)
	o.Content(t)
}

func TestCertify_StepByStep(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	nora := o.Newcomer(t, journal.Aidant, o.Here, "nora", org.RoleAidant)
	p := path(nora)
	b.Want(b.Post(p+"/certification"), 422, "Ce n’est pas possible pour le moment")
	b.Want(b.Post(p+"/test", "tested_on", "2026-01-06", "score", "900"), 422, "Enregistrez d’abord la formation", `value="900"`)
	b.Want(b.Post(p+"/formation", "trained_on", "hier", "organiser", ""), 422, "Choisissez une date passée", "qui a organisé", "Choisissez le type")
	b.Want(b.Post(p+"/formation", "trained_on", "2126-01-05", "organiser", "Mednum", "training", "classic"), 422, "dans le futur", `value="Mednum"`)
	b.Want(b.Post(p+"/formation", "trained_on", "2026-01-05", "organiser", "Mednum", "training", "peer"), 303, p)
	b.Want(b.Get(p), 200, "La formation est enregistrée", "Mednum", "formation par un pair", "Formé, test à passer")
	b.Want(b.Post(p+"/test", "tested_on", "2026-01-06", "score", "x"), 422, "un nombre entre 0 et 1000")
	b.Want(b.Post(p+"/test", "tested_on", "2026-01-06", "score", "900"), 303)
	b.Want(b.Get(p), 200, "Le test est enregistré", "900 points, minimum 700")
	b.Want(b.Post(p+"/certification"), 303)
	b.Want(b.Get(p), 200, "La personne est certifiée", "6 janvier 2029", "5 janvier 2026", "Suspendre la certification")
	b.Want(b.Post(p+"/certification/reprise"), 422, "n’est pas suspendue")
	b.Want(b.Post(p+"/certification/suspension"), 303)
	b.Want(b.Get(p), 200, "La certification est suspendue", "Rétablir la certification")
	b.Want(b.Post(p+"/certification/reprise"), 303)
	b.Want(b.Get(p), 200, "La certification est rétablie")
	b.Want(b.Post(personPath(uuid.New())+"/certification"), 404)
	o.Content(t)
}

func TestCards_CheckedThenImported(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	seed := hex.EncodeToString([]byte("01234567890123456789"))
	file := "serial;seed\nGADT0001;" + seed + "\nGADT0002;" + seed + "\n"
	b.Want(b.Get("/admin/cartes"), 200, "Stock")
	b.Want(b.Upload("/admin/cartes", "", "act", "check"), 422, "Choisissez un fichier CSV")
	b.Want(b.Upload("/admin/cartes", file, "act", "check"), 200, "2 nouvelles cartes", "choisissez de nouveau le fichier")
	wrong := b.Want(b.Upload("/admin/cartes", file+"GADT0003;"+seed[:8]+"\n", "act", "import"), 422, "Ligne 4", "16 à 64 octets")
	b.Without(wrong, seed[:8])
	if o.Count(t, `select count(*) from credential_card`) != 0 {
		t.Error("cards were imported from a file with a fault")
	}
	b.Want(b.Upload("/admin/cartes", file, "act", "import"), 303)
	b.Want(b.Get("/admin/cartes"), 200, "Les cartes sont importées", "<dt>En stock</dt><dd>2</dd>")
	b.Want(b.Upload("/admin/cartes", file, "act", "check"), 422, "déjà dans le stock")
}

// A new administrator takes two.
func TestAdministrators_ProposedByOneConfirmedByAnother(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, second := o.enter(t), o.Visit(t, o.alan, o.Clock.Now())
	b.Want(b.Get("/admin/administrateurs/nouveau"), 200, "Un administrateur n’a aucun rôle")
	b.Want(b.Post("/admin/administrateurs", "email", "x"), 422, "Écrivez le prénom")
	fields := []string{"given_name", "Nora", "usual_name", "Neuve", "email", "nora@exemple.invalid"}
	b.Want(b.Post("/admin/administrateurs", fields...), 303, "/admin/administrateurs")
	b.Want(b.Post("/admin/administrateurs", fields...), 422, "déjà proposée")
	b.Without(b.Want(b.Get("/admin/administrateurs"), 200, "La proposition est enregistrée", "nora@exemple.invalid", "Un autre administrateur que vous"), "Confirmer et inviter")
	open, err := o.invitations.List(t.Context(), o.ada)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	p := "/admin/administrateurs/" + open[0].ID.String()
	b.Want(b.Post(p+"/accord"), 409, "Cela se décide à deux")
	second.Want(second.Get("/admin"), 200, "Un administrateur proposé")
	second.Want(second.Get("/admin/administrateurs"), 200, "proposé par ada Fictif", "Confirmer et inviter")
	second.Want(second.Post(p+"/accord"), 303)
	second.Want(second.Get("/admin/administrateurs"), 200, "La proposition est confirmée", "invité, jusqu’au")
	second.Want(second.Post(p+"/accord"), 409)
	b.Want(b.Post(p+"/retrait"), 303)
	b.Want(b.Get("/admin/administrateurs"), 200, "La proposition est retirée", "Aucune proposition")
	// An invitation to an organisation is no proposal.
	id, err := o.invitations.Invite(t.Context(), o.ada, invitation.Invitee{Organisation: o.Here, GivenName: "A", UsualName: "B", Email: "a@b.fr", Roles: []string{org.RoleReferent}})
	if err != nil {
		t.Fatal(err)
	}
	second.Want(second.Post("/admin/administrateurs/"+id.String()+"/accord"), 404)
	o.Content(t)
}

// The office of an administrator is ended by another one, at once, and never by themselves.
func TestAdministrators_EndedByAnother(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, second := o.enter(t), o.Visit(t, o.alan, o.Clock.Now())
	o.Administrator(t, "grace")
	his, hers := "/admin/administrateurs/"+o.alan.Person.String()+"/fin", "/admin/administrateurs/"+o.ada.Person.String()+"/fin"
	b.Without(b.Want(b.Get("/admin/administrateurs"), 200, his), hers)
	b.Want(b.Get(hers), 409, "Vous ne pouvez pas le faire pour vous-même")
	b.Want(b.Post(hers), 409, "Vous ne pouvez pas le faire pour vous-même")
	b.Want(b.Get("/admin/administrateurs/"+o.Jeanne.Person.String()+"/fin"), 404)
	b.Want(b.Post("/admin/administrateurs/"+o.Jeanne.Person.String()+"/fin"), 409)
	b.Want(b.Get(his), 200, "alan Fictif", "Mettre fin à la fonction maintenant")
	second.Want(second.Get("/admin"), 200)
	b.Want(b.Post(his), 303, "/admin/administrateurs")
	second.Want(second.Get("/admin"), 403)            // a session that was open
	second.Want(second.Post(hers), 303, "/connexion") // it is gone
	b.Without(b.Want(b.Get("/admin/administrateurs"), 200, "La fonction a pris fin", "ada Fictif"), "alan Fictif")
	b.Want(b.Post(his), 409)
	o.Content(t)
}

// A reset of second factors takes two, and nobody decides on their own.
func TestReset_TakesTwo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, second := o.enter(t), o.Visit(t, o.alan, o.Clock.Now())
	p := path(o.Jeanne)
	fixture.Equip(t, o.credentials, o.Clock, o.Jeanne, o.ada)
	b.Want(b.Get(p+"/reinitialisation"), 200, "Un autre administrateur doit accepter")
	b.Want(b.Post(p+"/reinitialisation"), 303, p)
	b.Want(b.Post(p+"/reinitialisation"), 409)
	open, err := o.credentials.ResetOf(t.Context(), o.Jeanne.Person)
	if err != nil {
		t.Fatal(err)
	}
	x := "/admin/reinitialisations/" + open.ID.String()
	b.Without(b.Want(b.Get(p), 200, "Un autre administrateur doit maintenant accepter"), "Accepter la remise")
	b.Want(b.Post(x+"/accord"), 409, "Cela se décide à deux")
	second.Want(second.Get("/admin/reinitialisations"), 200, "jeanne Fictif", "ada Fictif")
	second.Want(second.Get(p), 200, "Accepter la remise")
	second.Want(second.Post(x+"/accord"), 303)
	second.Want(second.Get("/admin/reinitialisations"), 200, "Acceptée par alan Fictif")
	b.Want(b.Post(x+"/refus"), 303)
	b.Want(b.Get("/admin/reinitialisations"), 200, "Aucune demande")
	b.Want(b.Post("/admin/reinitialisations/"+uuid.NewString()+"/accord"), 404)
	if _, err := o.credentials.AskReset(t.Context(), o.alan, o.ada.Person); err != nil {
		t.Fatal(err)
	}
	if open, err = o.credentials.ResetOf(t.Context(), o.ada.Person); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Post("/admin/reinitialisations/"+open.ID.String()+"/accord"), 409, "Cela se décide à deux")
	o.Content(t)
}

// Who brought in the referent who asks is no second person: the page does not offer it, and the act says why.
func TestReset_NotOfOnesOwnMaking(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, second := o.enter(t), o.Visit(t, o.alan, o.Clock.Now())
	if err := o.Directory.Join(t.Context(), o.ada, o.Paul.Person, o.Here, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	paul := o.Paul
	paul.Kind = journal.Referent
	fixture.Equip(t, o.credentials, o.Clock, o.Jeanne)
	id, err := o.credentials.AskReset(t.Context(), paul, o.Jeanne.Person)
	if err != nil {
		t.Fatal(err)
	}
	agree := "/admin/reinitialisations/" + id.String() + "/accord"
	b.Without(b.Want(b.Get(path(o.Jeanne)), 200, "n’a pas invité"), agree)
	b.Want(b.Post(agree), 409, "Une autre personne doit décider", "l’exploitant du service")
	second.Want(second.Get(path(o.Jeanne)), 200, agree)
	second.Want(second.Post(agree), 303)
	o.Content(t)
}

func TestIdentity_OfWhoHasNoOrganisation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	auditor := o.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")
	o.Referent(t, o.Here, "rose")
	for _, who := range []journal.Actor{auditor, o.Jeanne} {
		if err := o.Directory.AskIdentity(t.Context(), fixture.Issuer, "another-"+who.Person.String(), who.Person); err != nil {
			t.Fatal(err)
		}
	}
	asked, err := o.Directory.AskedIdentities(t.Context(), o.ada)
	if err != nil || len(asked) != 1 {
		t.Fatal(asked, err)
	}
	b.Want(b.Get(path(auditor)), 200, asked[0].Digest)
	b.Without(b.Get(path(o.Jeanne)), "nouveau compte ProConnect") // her referent decides
	b.Want(b.Post(path(o.Jeanne)+"/identite", "identity", asked[0].Digest), 404)
	b.Want(b.Post(path(auditor)+"/identite", "identity", asked[0].Digest), 303)
	b.Want(b.Get(path(auditor)), 200, "Le compte est confirmé")
	b.Want(b.Post(path(auditor)+"/identite/refus", "identity", asked[0].Digest), 404)
	o.Content(t)
}

// An administrator's name takes two: the first sees that it waits, the second finds it in their list.
func TestIdentity_OfAnAdministratorTakesTwo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, second := o.enter(t), o.Visit(t, o.Administrator(t, "carla"), o.Clock.Now())
	other := o.Administrator(t, "dora")
	if err := o.Directory.AskIdentity(t.Context(), fixture.Issuer, "another", other.Person); err != nil {
		t.Fatal(err)
	}
	asked, err := o.Directory.AskedIdentities(t.Context(), o.ada)
	if err != nil || len(asked) != 1 {
		t.Fatal(asked, err)
	}
	p := path(other)
	b.Want(b.Get(p), 200, "une seconde personne devra confirmer aussi")
	b.Want(b.Post(p+"/identite", "identity", asked[0].Digest), 303, p)
	b.Without(b.Want(b.Get(p), 200, "C’est noté", "Le compte attend une seconde personne"), "C’est bien cette personne")
	b.Without(b.Get("/admin"), p)
	b.Want(b.Post(p+"/identite", "identity", asked[0].Digest), 409, "Une seconde personne doit confirmer", "le compte n’ouvre rien pour l’instant")
	second.Want(second.Get("/admin"), 200, p)
	second.Want(second.Get(p), 200, "Une première personne a confirmé", "C’est bien cette personne")
	second.Want(second.Post(p+"/identite", "identity", asked[0].Digest), 303, p)
	second.Want(second.Get(p), 200, "Le compte est confirmé")
	o.Content(t)
}

func TestJobs_FailedAndRetried(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	b.Want(b.Get("/admin/travaux"), 200, "Aucune tâche n’a échoué")
	o.Behind(t, `insert into river_job (id, state, attempt, max_attempts, attempted_at, finalized_at, kind, args, errors, priority, queue, scheduled_at)
		values (42, 'discarded', 3, 3, now(), now(), 'act', '{"name":"mail"}', array['{"error":"no answer"}'::jsonb], 1, 'default', now())`)
	b.Want(b.Get("/admin"), 200, "Une tâche en échec")
	b.Want(b.Get("/admin/travaux"), 200, "Autre tâche", "mail: no answer", "abandonnée", "Tentée 3 fois")
	b.Want(b.Post("/admin/travaux/42/reprise"), 303)
	b.Want(b.Get("/admin/travaux"), 200, "La tâche est relancée")
	if o.Count(t, `select count(*) from journal_entry where action = 'job.retried' and person_id = $1`, o.ada.Person) != 1 {
		t.Error("no entry tells who let the job run again")
	}
	b.Want(b.Post("/admin/travaux/42/reprise"), 404)
	b.Want(b.Post("/admin/travaux/x/reprise"), 404)
}
