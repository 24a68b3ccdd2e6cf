package aidant

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/report"
	"mandat/internal/session"
	"mandat/internal/token"
)

// used is the detail of an entry power.used, as package idp writes it.
type used struct {
	Login     string `json:"login"`
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
	Is        string `json:"procedure_is"`
	Service   string `json:"service"`
}

// use uses a power for every case as a login does, and returns the path of its account.
func (c *counter) use(t *testing.T, by journal.Actor, m mandate.Mandate, procedure string) string {
	t.Helper()
	return c.useOf(t, by, m, procedure, "")
}

// useOf is use of the power for one case.
func (c *counter) useOf(t *testing.T, by journal.Actor, m mandate.Mandate, procedure, ref string) string {
	t.Helper()
	return c.useAs(t, by, m, used{Procedure: procedure, Case: ref, Is: "declared", Service: "unknown"})
}

// useAs uses a power as its entry says.
func (c *counter) useAs(t *testing.T, by journal.Actor, m mandate.Mandate, detail used) string {
	t.Helper()
	id := token.ID()
	if err := c.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		detail.Login = id.String()
		report.Open(tx, id, m.Citizen, m.ID, detail.Procedure, detail.Case)
		return journal.Event{Action: "power.used", Citizen: m.Citizen, Mandate: m.ID, Detail: detail}, nil
	}); err != nil {
		t.Fatal(err)
	}
	return usesPath(m.ID) + "/" + id.String()
}

// A service that talks to us itself is named on the mandate's page, in the list of uses and in the account, where it is the site unless another is said; and nothing
// there calls the procedure declared.
func TestUse_NamesTheService(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b, of := c.jeanne(t), "/mandats/"+m.ID.String()
	c.use(t, c.Jeanne, m, fixture.Tax)
	b.Want(b.Get(of), 200, "(démarche déclarée)")
	b.Without(b.Get(of), "Impôts (essai)")
	path := c.useAs(t, c.Jeanne, m, used{Procedure: fixture.Tax, Is: "enforced", Service: serviceID})
	b.Want(b.Get(of), 200, "dans le service", "Impôts (essai)")
	b.Want(b.Get(usesPath(m.ID)), 200, "· Impôts (essai)")
	b.Want(b.Get(path), 200, "<dd>Impôts (essai)", `value="Impôts (essai)" checked`, "auquel vous vous êtes connecté")
	if a := b.Post(path, "after", "0", "outcome", "done", "site", "Impôts (essai)"); a.Status != 303 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	b.Want(b.Get(of+"/compte-rendu"), 200, "<dt>Service</dt><dd class=\"fr-lines\">Impôts (essai)")
	again := c.useAs(t, c.Jeanne, m, used{Procedure: fixture.Tax, Is: "enforced", Service: serviceID})
	if a := b.Post(again, "after", "0", "outcome", "done", "site", otherSite, "typed_site", "ailleurs.example"); a.Status != 303 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	b.Want(b.Get(again), 200, `value="ailleurs.example"`, `value="autre" checked`)
}

func TestUse_WaitsOnTheHomePageUntilItIsAccountedFor(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	b, colleague := c.jeanne(t), c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	b.Without(b.Get("/espace"), "À compléter")
	path := c.use(t, c.Jeanne, m, fixture.Tax)
	a := b.Want(b.Get("/espace"), 200, "À compléter", "Une utilisation attend son compte rendu", path, "Déclaration de revenus")
	waits, _, _ := strings.Cut(a.Body[strings.Index(a.Body, `id="a-completer"`):], "</ul>")
	if strings.Contains(waits, "DUBOIS") || strings.Contains(waits, "Angela") {
		t.Error("the list names the citizen")
	}
	colleague.Without(colleague.Get("/espace"), "À compléter")
	b.Want(b.Get("/mandats/"+m.ID.String()), 200, usesPath(m.ID))
	b.Want(b.Get(usesPath(m.ID)), 200, path, "À compléter", "Connexion au nom de la personne", "DUBOIS")
	b.Want(b.Get(path), 200, "Écrire le compte rendu", "Sur quel site", "DUBOIS", "Le numéro fiscal convient")

	b.Want(b.Post(path, "after", "0"), 422, "Choisissez ce qui a été fait")
	b.Want(b.Post(path, "after", "0", "outcome", "done"), 422, "Indiquez sur quel site")
	typed := []string{"after", "0", "outcome", "done", "site", "autre", "typed_site", "impots.gouv.fr", "receipt", "R-0042-77", "supplied", "on"}
	refused := b.Want(b.Post(path, append(typed, "note", "NIR 1 85 05 78 006 084 91")...), 422, "semble contenir un numéro de sécurité sociale", "n’en gardez que les 4 derniers chiffres", "un de ses 13 chiffres est faux", `href="#field-note"`, "NIR 1 85 05 78 006 084 91", "R-0042-77", "impots.gouv.fr")
	if n := strings.Count(refused.Body, "checked"); n < 3 {
		t.Errorf("%d choices are kept", n)
	}
	c.wantRows(t, 0, `select count(*) from report_account`)
	for text, why := range map[string]string{"FR76 3000 6000 0112 3456 7890 189": "IBAN", "4970 1000 0000 0154": "carte bancaire", "mdp : minou": "mot de passe"} {
		b.Want(b.Post(path, append(typed, "note", text)...), 422, why)
	}
	b.Want(b.Post(path, append(typed, "note", "Envoyé.")...), 303, path)
	b.Want(b.Get(path), 200, "Le compte rendu est enregistré", "R-0042-77", "Envoyé.", "Compléter ou corriger")
	b.Without(b.Get(path), "Le compte rendu est enregistré.") // told once
	b.Without(b.Get("/espace"), "À compléter")
	b.Want(b.Get("/mandats/"+m.ID.String()), 200, "Compte rendu pour", "C’est fait")

	late := colleague.Want(colleague.Post(path, "after", "0", "outcome", "nothing", "note", "Ce que Paul a écrit"), 409, "Un autre compte rendu vient d’être enregistré", "Ce que Paul a écrit", `name="after" value="1"`)
	if strings.Contains(late.Body, "« Rien") {
		t.Error("it was kept")
	}
	colleague.Want(colleague.Post(path, "after", "1", "outcome", "to_finish", "site", "impots.gouv.fr"), 303, path)
	colleague.Want(colleague.Get(path), 200, "Le compte rendu d’avant la correction", "R-0042-77", "Reste à finir")
	b.Want(b.Get("/espace"), 200, "À compléter", "Reste à finir")
	c.Content(t)
}

func TestUse_IsNobodyElses(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m, another := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax), c.Sign(t, c.Jeanne, fixture.Citizen(1), fixture.Tax)
	path := c.use(t, c.Jeanne, m, fixture.Tax)
	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	for _, p := range []string{path, usesPath(m.ID), "/mandats/" + m.ID.String() + "/compte-rendu"} {
		if a := other.Want(other.Get(p), 404); strings.Contains(a.Body, "DUBOIS") {
			t.Errorf("%s shows another organisation's citizen", p)
		}
	}
	other.Want(other.Post(path, "outcome", "nothing"), 404)
	other.Want(other.Post(usesPath(m.ID), "procedure", fixture.Tax, "way", "paper"), 404)
	other.Want(other.Post("/mandats/"+m.ID.String()+"/compte-rendu", "shown", strings.Repeat("00", 32)), 404)
	b := c.jeanne(t)
	wrong := strings.Replace(path, m.ID.String(), another.ID.String(), 1)
	b.Want(b.Get(wrong), 404)
	b.Want(b.Post(wrong, "outcome", "nothing"), 404)
	b.Want(b.Get(usesPath(m.ID)+"/"+uuid.NewString()), 404)
	b.Want(b.Get(usesPath(m.ID)+"/x"), 404)
	b.Want(b.Post(usesPath(m.ID)+"/x", "outcome", "nothing"), 404)
	c.wantRows(t, 0, `select count(*) from report_account`)
}

var usePathOf = regexp.MustCompile(`^/mandats/[0-9a-f-]{36}/usages/[0-9a-f-]{36}$`)

func TestDeclare(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b, path := c.jeanne(t), usesPath(m.ID)
	b.Want(b.Get(path), 200, "Ce mandat n’a pas encore été utilisé", "déclarez-le ci-dessous", "Déclarer ce qui a été fait autrement", "Par téléphone")
	b.Want(b.Post(path), 422, "Choisissez la démarche", "Indiquez comment")
	b.Want(b.Post(path, "procedure", fixture.Tax, "way", "login"), 422, "Indiquez comment")
	b.Want(b.Post(path, "procedure", fixture.Housing, "way", "paper"), 409, "n’autorise pas")
	a := b.Want(b.Post(path, "procedure", fixture.Tax, "way", "telephone"), 303)
	if !usePathOf.MatchString(a.Location) {
		t.Fatalf("led to %s", a.Location)
	}
	use := b.Want(b.Get(a.Location), 200, "Par téléphone")
	b.Without(use, "Sur quel site")
	b.Want(b.Post(a.Location, "after", "0", "outcome", "refused"), 303)
	b.Want(b.Get("/mandats/"+m.ID.String()), 200, "Utilisation déclarée pour")
	b.Want(b.Post("/mandats/"+m.ID.String()+"/fin", "reason", "citizen"), 303)
	b.Want(b.Post(path, "procedure", fixture.Tax, "way", "telephone"), 409, "n’autorise pas")
	b.Without(b.Get(path), "Déclarer ce qui a été fait autrement")
	c.wantRows(t, 1, `select count(*) from report_use`)
}

var shownSum = regexp.MustCompile(`name="shown" value="([0-9a-f]{64})"`)

func TestReport_IsHandedOver(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	use := c.use(t, c.Jeanne, m, fixture.Tax)
	b, path := c.jeanne(t), "/mandats/"+m.ID.String()+"/compte-rendu"
	shown := b.Want(b.Get(path), 200, "Ce mandat a été utilisé une fois", "Compte rendu pas encore écrit", "Ce qui n’a jamais été utilisé", "fr-sheet", path+".pdf")
	if a := b.Get(path + ".pdf"); a.Status != 200 || !strings.HasPrefix(a.Body, "%PDF-") {
		t.Errorf("PDF: %d", a.Status)
	}
	sum := shownSum.FindStringSubmatch(shown.Body)[1]
	b.Want(b.Post(use, "after", "0", "outcome", "done", "site", "impots.gouv.fr"), 303)
	b.Want(b.Post(path, "shown", sum), 409, "Le compte rendu a changé entre-temps")
	b.Want(b.Post(path, "shown", "no sum"), 409)
	b.Want(b.Post(path), 409)
	sum = shownSum.FindStringSubmatch(b.Get(path).Body)[1]
	b.Want(b.Post(path, "shown", sum), 303, path)
	b.Without(b.Want(b.Get(path), 200, "Remis à la personne le"), "Je l’ai remis")
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'report.handed_over'`)
	b.Want(b.Post("/mandats/"+m.ID.String()+"/fin", "reason", "completed"), 303)
	b.Want(b.Get("/mandats/"+m.ID.String()+"/fin"), 200, path)
	b.Want(b.Get("/mandats/"+m.ID.String()), 200, "un compte rendu est dû à la personne", path, "Compte rendu remis à la personne")
	b.Want(b.Get(path), 200, "A pris fin le", "Un autre état a été remis")
}
