package referent

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
)

func TestHome_CountsAndShowsNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	b.Want(b.Get("/referent"), 200, "Rien n’attend votre décision")
	o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	if err := o.Directory.AskIdentity(t.Context(), fixture.Issuer, "another", o.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	home := b.Want(b.Get("/referent"), 200, "Nouveau compte ProConnect à confirmer", path(o.Jeanne), "<dt>Mandats en cours</dt><dd>1</dd>", "<dt>Personnes aidées</dt><dd>1</dd>", "<dt>Aidants en activité</dt><dd>2</dd>")
	b.Without(home, "DUBOIS", "Angela")
}

func TestTeam_IsOurs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Newcomer(t, journal.Aidant, o.Here, "nora", org.RoleAidant)
	b := o.rose(t)
	page := b.Want(b.Get("/referent/equipe"), 200, "jeanne Fictif", "paul Fictif", "rose Fictif", "nora Fictif", "En formation (1)", "Personne n’est suspendu", "Personne n’est parti", "Aucune invitation", "Jamais")
	b.Without(page, "ines")
	if n := strings.Count(page.Body, "Pas encore de formation"); n != 1 { // nora's: rose is no aidant
		t.Errorf("%d people are said to be untrained", n)
	}
	b.Without(b.Get(path(o.boss)), "Certification", "Pas encore de formation", "Pour agir avec un mandat")
}

// Who accepted by the link, and left before they had a second factor, cannot sign in: the referent sees it, and what opens the way.
func TestTeam_ShowsWhoAcceptedAndHasNoFactor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	accept := func(name string, how invitation.Accepting) uuid.UUID {
		t.Helper()
		id, err := o.invitations.Invite(t.Context(), o.boss, invitation.Invitee{Email: name + "@exemple.invalid", GivenName: name, UsualName: "Neuve", Roles: []string{org.RoleAidant}})
		if err != nil {
			t.Fatal(err)
		}
		if how.Secret, err = o.invitations.Write(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		person, err := o.invitations.Accept(t.Context(), how, func(*journal.Tx, uuid.UUID) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return person
	}
	accept("pia", invitation.Accepting{Issuer: fixture.Issuer, Sub: "pia"})
	nora := accept("nora", invitation.Accepting{})
	const link, over = "le lien de l’invitation le permet encore jusqu’au", "aucun lien d’invitation ne le permet plus"
	count := func(want int, words string) {
		t.Helper()
		if n := strings.Count(b.Get("/referent/equipe").Body, words); n != want {
			t.Errorf("%d people are said to be in this case, want %d: %s", n, want, words)
		}
	}
	count(1, link)
	b.Without(b.Want(b.Get(personPath(nora)), 200, link, "rouvrir le lien du courriel", "/facteurs"), over, "se connecte avec ProConnect")
	b.Want(b.Get("/referent"), 200, "nora Neuve", "Second facteur à ajouter")
	o.Clock.Advance(invitation.Life)
	b = o.rose(t)
	count(0, link)
	count(1, over)
	b.Without(b.Want(b.Get(personPath(nora)), 200, over, "elle recevra un lien pour en ajouter un"), link)
	o.Content(t)
	o.Behind(t, `insert into credential_passkey (id, person_id, credential_id, public_key, aaguid, transports, name, backup_eligible, backed_up, sign_count, created_at)
		values (gen_random_uuid(), $1, 'x', 'x', 'x', '{}', 'x', false, false, 0, now())`, nora)
	count(0, over)
	b.Without(b.Get("/referent"), "Second facteur à ajouter")
}

func TestPerson_ShowsAndChanges(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	p := path(o.Jeanne)
	b.Want(b.Get(p), 200, "jeanne Fictif", "jeanne@exemple.invalid", "Certifié", "Toutes celles de la structure", "Nommer référent", "Suspendre l’accès")
	b.Want(b.Post(p+"/roles/referent"), 303, p)
	b.Want(b.Get(p), 200, "est maintenant référent", "Retirer le rôle de référent")
	b.Want(b.Post(p+"/roles/referent"), 409)
	b.Want(b.Post(p+"/roles/referent/retrait"), 303, p)
	b.Want(b.Post(p+"/roles/king"), 404)
	b.Want(b.Get(path(o.boss)), 200, "Retirer le rôle de référent")
	b.Without(b.Get(path(o.boss)), "Suspendre l’accès", "remise à zéro")
	b.Want(b.Post(path(o.boss)+"/roles/referent/retrait"), 409, "garde au moins un référent")
	b.Want(b.Get(p+"/attestation.pdf"), 200, "%PDF-")
	nora := o.Newcomer(t, journal.Aidant, o.Here, "nora", org.RoleAidant)
	b.Want(b.Get(path(nora)+"/attestation.pdf"), 404)
	o.Content(t)
}

func TestSuspend_ShowsWhatIsLeftAndHandsOver(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	p := path(o.Jeanne)
	b.Without(b.Want(b.Get(p+"/suspension"), 200, "Aucun"), "Confier à", "seuls les aidants certifiés")
	b.Want(b.Get(path(o.boss)+"/suspension"), 409, "Vous ne pouvez pas le faire pour vous-même")
	b.Want(b.Post(path(o.boss)+"/suspension"), 409, "Vous ne pouvez pas le faire pour vous-même")
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	o.Draft(t, o.Jeanne, fixture.Citizen(1), fixture.Tax)
	before := b.Want(b.Get(p+"/suspension"), 200, "Un mandat", "Un brouillon", "seuls les aidants certifiés", "paul Fictif")
	b.Without(before, "DUBOIS", m.ID.String(), "ines")
	b.Want(b.Post(p+"/suspension", "colleague", o.Jeanne.Person.String()), 422, "Choisissez un autre aidant")
	b.Want(b.Post(p+"/suspension", "colleague", "x"), 422)
	if o.Count(t, `select count(*) from membership where suspended_at is not null`) != 0 {
		t.Error("suspended by a form that was refused")
	}
	b.Want(b.Post(p+"/suspension", "colleague", o.Ines.Person.String()), 303, p)
	b.Want(b.Get(p), 200, "rien n’a été confié", "Suspendu", "Rétablir l’accès", "Confier")
	b.Want(b.Post(p+"/releve", "colleague", ""), 422, "Choisissez un autre aidant")
	b.Want(b.Post(p+"/releve", "colleague", o.Ines.Person.String()), 422, "Choisissez un autre aidant")
	b.Want(b.Post(p+"/releve", "colleague", o.Paul.Person.String()), 303, p)
	b.Want(b.Get(p), 200, "C’est confié", "Déjà confiés à", "paul Fictif")
	b.Want(b.Post(p+"/suspension"), 409)
	b.Want(b.Post(p+"/reprise"), 303, p)
	b.Want(b.Get(p), 200, "L’accès est rétabli", "En activité")
	b.Want(b.Post(p+"/suspension", "colleague", o.Paul.Person.String()), 303)
	b.Want(b.Get(p), 200, "L’accès est suspendu, et ce que la personne suivait est confié")
	o.Content(t)
}

// W9: only a referent who is a certified aidant too sees whose mandates somebody leaves.
func TestSuspend_NamesCitizensToCertifiedAidantsOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	b := o.Visit(t, o.both(t), o.Clock.Now())
	b.Want(b.Get(path(o.Jeanne)+"/suspension"), 200, "DUBOIS", "/mandats/"+m.ID.String())
	o.Behind(t, `update certification set certified_at = certified_at - interval '40 months', certified_until = certified_until - interval '40 months' where person_id = $1`, o.Paul.Person)
	b.Without(b.Want(b.Get(path(o.Jeanne)+"/suspension"), 200, "Un mandat"), "DUBOIS")
}

// A referent corrects the name of who works with them: not their own, and not that of who has left.
func TestName_IsCorrectedForWhoWorksHere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	p := path(o.Jeanne) + "/nom"
	b.Want(b.Get(path(o.Jeanne)), 200, `href="`+p+`"`)
	b.Want(b.Get(p), 200, "Nom actuel", `value="jeanne"`)
	b.Want(b.Post(p, "given_name", "Jeanne", "usual_name", "www.exemple.invalid"), 422, "Écrivez le nom, en lettres", `value="Jeanne"`)
	b.Want(b.Post(p, "given_name", "", "usual_name", "Fictif"), 422, "Écrivez le prénom, en lettres")
	b.Want(b.Post(p, "given_name", "Jeanne-Marie", "usual_name", " D’Essai "), 303, path(o.Jeanne))
	b.Want(b.Get(path(o.Jeanne)), 200, "Le nom est corrigé", "Jeanne-Marie D’Essai")
	b.Want(b.Get(path(o.boss)+"/nom"), 409, "Vous ne pouvez pas le faire pour vous-même")
	b.Want(b.Post(path(o.boss)+"/nom", "given_name", "A", "usual_name", "B"), 409)
	b.Want(b.Post(path(o.Ines)+"/nom", "given_name", "A", "usual_name", "B"), 404)
	if err := o.Directory.Join(t.Context(), journal.Program(), o.Jeanne.Person, o.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Get(p), 409, "Cette personne travaille pour plusieurs structures")
	b.Want(b.Post(p, "given_name", "A", "usual_name", "B"), 409, "Cette personne travaille pour plusieurs structures")
	if err := o.Directory.Leave(t.Context(), journal.Program(), o.Paul.Person, o.Here, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Get(path(o.Paul)+"/nom"), 404)
	b.Want(b.Post(path(o.Paul)+"/nom", "given_name", "A", "usual_name", "B"), 404)
	rose := journal.Actor{Kind: journal.Referent, Person: o.boss.Person, Organisation: o.Here, FactorAt: o.Clock.Now()}
	if err := o.Directory.Rename(t.Context(), rose, o.Paul.Person, "A", "B"); !errors.Is(err, db.ErrConflict) {
		t.Errorf("who has left: %v", err)
	}
	o.Content(t)
}

// W17: a referent limits people, within what administrators say of the organisation.
func TestLimit_PersonWithinTheOrganisations(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	p := path(o.Jeanne) + "/demarches"
	b.Want(b.Get(p), 200, `name="every" value="on" checked`)
	b.Want(b.Post(p), 422, "Cochez au moins une démarche")
	b.Want(b.Post(p, "procedures", "invented"), 422)
	b.Want(b.Post(p, "procedures", fixture.Tax), 303, path(o.Jeanne))
	b.Want(b.Get(path(o.Jeanne)), 200, "Les démarches autorisées sont changées", "revenus")
	b.Want(b.Get(p), 200, `value="`+fixture.Tax+`" checked`)
	b.Want(b.Post(p, "themes", "logement"), 303, path(o.Jeanne))
	b.Without(b.Want(b.Get(path(o.Jeanne)), 200, "Tout le thème ("), "revenus")
	b.Want(b.Get(p), 200, `value="logement-fsl" checked`, "7 sur 7")
	b.Want(b.Post(p, "every", "on", "procedures", fixture.Tax), 303)
	b.Want(b.Get(path(o.boss)+"/demarches"), 404)

	if err := o.Directory.LimitOrganisation(t.Context(), o.Administrator(t, "ada"), o.Here, []string{fixture.Housing}); err != nil {
		t.Fatal(err)
	}
	b = o.rose(t) // the secret of the other session has changed
	b.Without(b.Want(b.Get(p), 200, fixture.Housing), fixture.Tax)
	b.Want(b.Post(p, "procedures", fixture.Tax), 303) // what is not the organisation's comes to nothing
	if acting, err := o.Directory.Acting(t.Context(), o.Jeanne, o.Clock.Now()); err != nil || acting.Allows(fixture.Tax) || acting.Allows(fixture.Housing) {
		t.Errorf("%v of %v, %v", acting.Limit, acting.Procedures, err)
	}
	b.Without(b.Want(b.Get("/referent/structure"), 200, "L’administration du service fixe cette liste", "aide au logement"), "/referent/structure/demarches")
	b.Want(b.Post("/referent/structure/demarches", "every", "on"), 404) // W17: a referent widens nothing
	o.Content(t)
}

func TestOrganisation_ContactOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	b.Want(b.Get("/referent/structure"), 200, "21750001600019", "accueil@exemple.invalid")
	b.Want(b.Post("/referent/structure", "phone", "", "email", "x"), 422, "Écrivez le téléphone", "adresse électronique complète")
	b.Want(b.Post("/referent/structure", "phone", "01 99 00 00 01", "email", "nous@exemple.invalid", "name", "Autre", "siret", "35600000000048"), 303)
	b.Want(b.Get("/referent/structure"), 200, "Le contact est changé", "nous@exemple.invalid", "Maison France Services de démonstration", "21750001600019")
	o.Content(t)
}

func TestInvite_IsUniform(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	b.Want(b.Get("/referent/invitations/nouvelle"), 200, `value="aidant" checked`)
	b.Want(b.Post("/referent/invitations"), 422, "4 réponses", "Écrivez le prénom", "Choisissez au moins un rôle")
	b.Want(b.Post("/referent/invitations", "given_name", "A", "usual_name", "B", "email", "a@b.fr", "roles", "aidant", "phone", "12"), 422, "Ce numéro n’est pas reconnu", `value="a@b.fr"`)
	person := func(email string) []string {
		return []string{"given_name", "Nora", "usual_name", "Neuve", "email", email, "roles", "aidant", "roles", "referent", "phone", "06 12 34 56 78", "lang", "en", "digital_adviser", "on"}
	}
	// Who is known in another organisation, or administers, is invited like a stranger: the page tells nobody.
	administrator := o.Administrator(t, "ada")
	var pages []string
	for _, email := range []string{"nora@exemple.invalid", "ines@exemple.invalid", "ada@exemple.invalid"} {
		b.Want(b.Post("/referent/invitations", person(email)...), 303, "/referent/equipe")
		pages = append(pages, strings.ReplaceAll(b.Want(b.Get("/referent/equipe"), 200, "Si cette adresse peut être invitée").Body, email, "…"))
	}
	if o.Count(t, `select count(*) from invitation where state = 'open'`) != 3 {
		t.Errorf("the addresses are not invited alike: %s", administrator.Person)
	}
	for _, p := range pages {
		if !strings.Contains(p, "Nora Neuve") {
			t.Error("the invitation is not shown")
		}
	}
	b.Want(b.Post("/referent/invitations", person("nora@exemple.invalid")...), 422, "une invitation est déjà en attente")
	b.Want(b.Post("/referent/invitations", person("paul@exemple.invalid")...), 422, "a déjà un rôle dans votre structure")
	o.Content(t)
}

// A mailbox is not filled: the fourth invitation of the hour is refused, and it is said when there may be one.
func TestInvitation_NotTooOften(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	nora := []string{"given_name", "Nora", "usual_name", "Neuve", "email", "nora@exemple.invalid", "roles", "aidant", "lang", "fr"}
	b.Want(b.Post("/referent/invitations", nora...), 303)
	open, err := o.invitations.List(t.Context(), o.boss)
	if err != nil || len(open) != 1 {
		t.Fatalf("%v, %v", open, err)
	}
	p := invitationPath(open[0].ID)
	for range 2 {
		b.Want(b.Post(p+"/renvoi"), 303, "/referent/equipe")
	}
	b.Want(b.Post(p+"/renvoi"), 429, "Vous pourrez renvoyer l’invitation le", "le dernier lien envoyé marche encore", "/referent/equipe")
	b.Want(b.Post(p+"/retrait"), 303)
	b.Want(b.Post("/referent/invitations", nora...), 429, "Attendez une heure", `value="nora@exemple.invalid"`)
	if n := o.Count(t, `select count(*) from journal_entry where action in ('invitation.made', 'invitation.renewed') and person_id = $1`, o.boss.Person); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func TestInvitation_ResendAndWithdraw(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, err := o.invitations.Invite(t.Context(), o.boss, invitation.Invitee{GivenName: "Nora", UsualName: "Neuve", Email: "nora@exemple.invalid", Roles: []string{"aidant"}})
	if err != nil {
		t.Fatal(err)
	}
	o.Clock.Advance(invitation.Life + time.Minute)
	b := o.rose(t)
	b.Want(b.Get("/referent/equipe"), 200, "n’est plus valable depuis")
	b.Want(b.Post(invitationPath(id)+"/renvoi"), 303, "/referent/equipe")
	b.Want(b.Get("/referent/equipe"), 200, "valable jusqu’au", "L’invitation est renvoyée")
	other := o.Visit(t, o.Referent(t, o.Elsewhere, "otto"), o.Clock.Now())
	for _, act := range []string{"/renvoi", "/retrait"} {
		other.Want(other.Post(invitationPath(id)+act), 404)
	}
	b.Want(b.Post(invitationPath(id)+"/retrait"), 303)
	b.Want(b.Get("/referent/equipe"), 200, "Aucune invitation", "L’invitation est retirée")
	b.Want(b.Post(invitationPath(id)+"/retrait"), 409)
	b.Want(b.Post("/referent/invitations/x/retrait"), 404)
	o.Content(t)
}

func TestIdentity_IsDecidedHere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	p := path(o.Jeanne)
	for _, c := range []struct{ sub, act, says string }{{"first", "/identite", "Le compte est confirmé"}, {"second", "/identite/refus", "Le compte est refusé"}} {
		if err := o.Directory.AskIdentity(t.Context(), fixture.Issuer, c.sub, o.Jeanne.Person); err != nil {
			t.Fatal(err)
		}
		asked, err := o.Directory.AskedIdentities(t.Context(), o.boss)
		if err != nil || len(asked) != 1 {
			t.Fatal(asked, err)
		}
		b.Without(b.Want(b.Get(p), 200, "de vive voix", asked[0].Digest), c.sub+`"`)
		b.Want(b.Get("/referent/equipe"), 200, "Nouveau compte ProConnect à confirmer")
		b.Want(b.Post(path(o.Paul)+c.act, "identity", asked[0].Digest), 404) // another person's
		b.Want(b.Post(p+c.act, "identity", "x"), 404)
		b.Want(b.Post(p+c.act, "identity", asked[0].Digest), 303, p)
		b.Want(b.Get(p), 200, c.says)
		b.Want(b.Post(p+c.act, "identity", asked[0].Digest), 404) // decided already
	}
	o.Content(t)
}

// Two people decide: who asked for a reset does not approve it, and nobody does for themselves.
func TestReset_TakesTwo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, second := o.rose(t), o.Visit(t, o.both(t), o.Clock.Now())
	p := path(o.Jeanne)
	fixture.Equip(t, o.credentials, o.Clock, o.Jeanne)
	b.Want(b.Get(p+"/facteurs"), 200, "Une autre personne l’accepte")
	b.Want(b.Get(path(o.boss)+"/facteurs"), 409, "Cela se décide à deux")
	b.Want(b.Post(path(o.boss)+"/facteurs"), 409, "Cela se décide à deux")
	b.Want(b.Post(p+"/facteurs"), 303, p)
	b.Want(b.Post(p+"/facteurs"), 409)
	open, err := o.credentials.ResetOf(t.Context(), o.Jeanne.Person)
	if err != nil {
		t.Fatal(err)
	}
	id := open.ID.String()
	b.Without(b.Want(b.Get(p), 200, "Quelqu’un d’autre que vous", "Annuler la demande"), "Accepter la remise")
	b.Want(b.Post(p+"/facteurs/accord", "reset", id), 409, "Cela se décide à deux")
	brought := o.Aidant(t, o.Here, "lea")
	if err := o.Directory.GiveRole(t.Context(), o.boss, brought.Person, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	brought.Kind = journal.Referent
	no := o.Visit(t, brought, o.Clock.Now())
	no.Without(no.Want(no.Get(p), 200, "rose Fictif"), "Accepter la remise")
	no.Want(no.Post(p+"/facteurs/accord", "reset", id), 409, "Une autre personne doit décider")
	second.Want(second.Get("/referent"), 200, "à décider")
	second.Want(second.Get(p), 200, "rose Fictif", "Accepter la remise")
	second.Want(second.Post(path(o.boss)+"/facteurs/accord", "reset", id), 404)
	second.Want(second.Post(p+"/facteurs/accord", "reset", uuid.NewString()), 404)
	second.Want(second.Post(p+"/facteurs/accord", "reset", "x"), 404)
	nora := o.Newcomer(t, journal.Aidant, o.Here, "nora", org.RoleAidant)
	fixture.Equip(t, o.credentials, o.Clock, nora)
	theirs, err := o.credentials.AskReset(t.Context(), o.boss, nora.Person)
	if err != nil {
		t.Fatal(err)
	}
	second.Want(second.Post(p+"/facteurs/accord", "reset", theirs.String()), 404) // another colleague's
	second.Want(second.Post(p+"/facteurs/accord", "reset", id), 303, p)
	second.Want(second.Get(p), 200, "Elle aura lieu dans une heure", "Acceptée par paul Fictif")
	b.Want(b.Post(p+"/facteurs/refus", "reset", id), 303, p)
	b.Want(b.Get(p), 200, "est refusée")
	o.Content(t)
}

// Referents of another organisation of the person see that a reset waits, and as what and for whom it was asked; never who did, nor a
// button that the rules would refuse.
func TestReset_OfAnotherOrganisation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.rose(t), path(o.Jeanne)
	fixture.Equip(t, o.credentials, o.Clock, o.Jeanne)
	otto, otis := o.Referent(t, o.Elsewhere, "otto"), o.Referent(t, o.Elsewhere, "otis")
	alan, alma := o.Administrator(t, "alan"), o.Administrator(t, "alma")
	if err := o.Directory.Join(t.Context(), journal.Program(), o.Jeanne.Person, o.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	elsewhere, err := o.Directory.Organisation(t.Context(), o.Elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		asker, approver journal.Actor
		asked, approved string
	}{
		{otto, otis, "par un référent d’une autre structure", "Acceptée par un référent de cette autre structure"},
		{otis, alma, elsewhere.Name, "Acceptée par l’administration du service"}, {alan, alma, "par l’administration du service", "Acceptée par l’administration du service"},
	} {
		id, err := o.credentials.AskReset(t.Context(), c.asker, o.Jeanne.Person)
		if err != nil {
			t.Fatal(err)
		}
		b.Without(b.Want(b.Get(p), 200, "Demandée le", c.asked), "otto Fictif", "otis Fictif", "alan Fictif", "alma Fictif", "/facteurs/accord", "/facteurs/refus")
		b.Want(b.Post(p+"/facteurs/refus", "reset", id.String()), 404)
		if err := o.credentials.ApproveReset(t.Context(), c.approver, id); err != nil {
			t.Fatal(err)
		}
		b.Without(b.Want(b.Get(p), 200, c.asked, c.approved), "otto Fictif", "otis Fictif", "alan Fictif", "alma Fictif")
		if err := o.credentials.RefuseReset(t.Context(), c.asker, id); err != nil {
			t.Fatal(err)
		}
	}
}

// A second factor that became too old while a form was filled in loses nothing.
func TestStale_KeepsWhatWasEntered(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	old := o.Clock.Now().Add(-mandate.FactorLife - time.Second)
	late := o.Visit(t, o.boss, old)
	p := path(o.Jeanne)
	for _, form := range []string{"/referent/invitations/nouvelle", p + "/suspension", p + "/demarches", p + "/facteurs"} {
		late.Want(late.Get(form), 303, "/connexion/confirmation")
	}
	for _, c := range []struct {
		act, form string
		fields    []string
		shown     []string
	}{
		{"/referent/invitations", "/referent/invitations/nouvelle", []string{"given_name", "Nora", "usual_name", "Neuve", "email", "nora@exemple.invalid", "roles", "referent"}, []string{`value="nora@exemple.invalid"`, `value="referent" checked`}},
		{p + "/suspension", "", []string{"colleague", o.Paul.Person.String()}, []string{`value="` + o.Paul.Person.String() + `" selected`}},
		{p + "/demarches", "", []string{"procedures", fixture.Tax}, []string{`value="` + fixture.Tax + `" checked`}},
		{"/referent/structure", "", []string{"phone", "01 99 00 00 01", "email", "nous@exemple.invalid"}, []string{"nous@exemple.invalid", "01 99 00 00 01"}},
	} {
		form := c.form
		if form == "" {
			form = c.act
		}
		late.Want(late.Post(c.act, c.fields...), 303, "/connexion/confirmation")
		o.Factor(t, o.boss, o.Clock.Now())
		late.Want(late.Get(form), 200, append(c.shown, "Il reste à envoyer")...)
		late.Without(late.Get(form), "Il reste à envoyer") // it was kept for once
		o.Factor(t, o.boss, old)
	}
	for _, act := range []string{"/roles/referent", "/roles/aidant/retrait", "/reprise", "/facteurs", "/releve"} {
		a := late.Post(p+act, "colleague", o.Paul.Person.String())
		if act == "/reprise" { // she is not suspended: who asks is told so
			late.Want(a, 303, "/connexion/confirmation")
			continue
		}
		late.Want(a, http.StatusSeeOther, "/connexion/confirmation")
	}
	late.Want(late.Get(p), 200, "vous pouvez recommencer")
	if o.Count(t, `select count(*) from invitation`)+o.Count(t, `select count(*) from membership where suspended_at is not null or procedures is not null`) != 0 {
		t.Error("something was done")
	}
}

// Who has left works elsewhere now: their referents of before are told who they were, and when.
func TestPerson_WhoHasLeft(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	b.Want(b.Get(path(o.Paul)), http.StatusOK, "paul@exemple.invalid")
	b.Want(b.Get(path(o.Paul)+"/attestation.pdf"), http.StatusOK)
	if err := o.Directory.TakeRole(t.Context(), o.boss, o.Paul.Person, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	fixture.Equip(t, o.credentials, o.Clock, o.Paul)
	if _, err := o.credentials.AskReset(t.Context(), o.Administrator(t, "ada"), o.Paul.Person); err != nil {
		t.Fatal(err)
	}
	b.Without(b.Want(b.Get(path(o.Paul)), http.StatusOK, "paul Fictif"), "paul@exemple.invalid", "attestation.pdf", "ada Fictif")
	b.Want(b.Get(path(o.Paul)+"/attestation.pdf"), http.StatusNotFound)
	b.Without(b.Want(b.Get("/referent/equipe"), http.StatusOK, "paul Fictif"), "paul@exemple.invalid")
}
