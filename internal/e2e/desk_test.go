package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"mandat/internal/org"
)

// visit opens pages, one after the other, and looks at each; in French also with the keyboard, which goes the same way in English.
func (p *person) visit(pages ...string) {
	p.t.Helper()
	for _, page := range pages {
		p.about("look at " + page)
		p.open(page)
		if p.path() != strings.Split(page, "?")[0] {
			p.fatalf("led elsewhere")
		}
		if _, status := p.where(); status != 200 {
			p.fatalf("not shown")
		}
		p.look(strings.Trim(shorten(page), "-"))
		if p.lang == "fr" {
			p.reaches()
		}
	}
}

// shorten makes a picture's name of an address, without what is another at each run.
func shorten(address string) string {
	var out []string
	for part := range strings.SplitSeq(address, "/") {
		if len(part) != 36 {
			out = append(out, part)
		}
	}
	return strings.Join(out, "-")
}

// TestReferent: every page of a referent, and what they do with a colleague who leaves and comes back.
func TestReferent(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := arrive(t, habits{lang: lang, album: "referent"})
			sub, email := p.enlist("referente-"+lang, org.RoleReferent, org.RoleAidant)
			p.enlist("partante-"+lang, org.RoleAidant)
			p.signInAs(sub)
			p.open("/referent")
			p.page("referent.home.title")
			who := "/referent/personnes/" + p.known("partante-"+lang+"@tilleuls.exemple.invalid")
			p.visit("/referent", "/referent/equipe", who, who+"/demarches", who+"/facteurs", who+"/suspension", "/referent/structure")
			p.leaves(who)
			p.resets("/referent/personnes/" + p.known(p.outsider("demunie-"+lang)))
			p.about("themselves")
			p.visit("/referent/personnes/" + p.known(email))
		})
	}
}

func (p *person) known(email string) string {
	p.t.Helper()
	found, err := p.App.Directory().FindByEmail(p.ctx, email)
	if err != nil {
		p.fatalf("%v", err)
	}
	return found.ID.String()
}

// resets asks for the reset of the factors of a colleague whom ProConnect does not know.
func (p *person) resets(who string) {
	p.about("ask for a reset")
	p.open(who + "/facteurs")
	p.press("main form .fr-btn--lg")
	p.on(who)
	p.look("colleague-reset")
}

// leaves limits a colleague, asks for a reset of their factors, suspends them and takes them back.
func (p *person) leaves(who string) {
	p.about("limit procedures")
	p.open(who + "/demarches")
	p.unfold("details:has(#procedure-" + tax + ")")
	if p.has("#field-every:checked") {
		p.click("#field-every")
	}
	p.tick("#procedure-" + tax)
	p.look("limits")
	p.press("main form .fr-btn--lg")
	p.on(who)
	p.look("limited")
	p.about("ask for a reset")
	p.open(who + "/facteurs")
	p.press("main form .fr-btn--lg")
	p.on(who)
	p.look("reset-asked")
	p.about("suspend")
	p.open(who + "/suspension")
	p.press("main form .fr-btn--danger")
	p.on(who)
	p.look("suspended")
	p.about("take back")
	p.press(`form[action$="/reprise"] button`)
	p.on(who)
	p.look("taken-back")
}

// TestAdministrator: every page of an administrator, an organisation with its first referent, and a file of results.
func TestAdministrator(t *testing.T) {
	t.Parallel()
	for lang, siret := range map[string]string{"fr": "21750002400012", "en": "21750003200015"} {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := arrive(t, habits{lang: lang, album: "admin"})
			sub, _ := p.enlist("administre-" + lang)
			p.signInAs(sub)
			p.page("admin.home.title")
			p.visit("/admin", "/admin/structures", "/admin/structures/nouvelle", "/admin/personnes", "/admin/cartes", "/admin/travaux",
				"/admin/administrateurs", "/admin/administrateurs/nouveau", "/admin/reinitialisations")
			p.creates(valid(siret), lang)
			p.imports()
			p.cards("ESSAI-" + strings.ToUpper(lang))
			p.services("Service d’essai " + lang)
			who := "/admin/personnes/" + p.known("karim.haddad@tilleuls.exemple.invalid")
			p.visit(who, who+"/suspension", who+"/reinitialisation")
			_, other := p.enlist("cede-" + lang)
			p.visit("/admin/administrateurs/" + p.known(other) + "/fin")
			p.about("look at the page of mails")
			rose := "rose-" + lang + "@essai.exemple.invalid"
			p.open(p.Mailbox.Page() + "/?lang=" + lang + "&a=" + rose)
			p.saysWords(rose)
			p.look("mails")
		})
	}
}

// valid is a SIRET with the last digit that it must have.
func valid(siret string) string {
	for digit := range 10 {
		if out := siret[:13] + strconv.Itoa(digit); org.ValidSIRET(out) {
			return out
		}
	}
	return siret
}

func (p *person) creates(siret, lang string) {
	p.about("create an organisation")
	p.open("/admin/structures/nouvelle")
	p.press("main form .fr-btn--lg")
	p.refusal(422, "admin.organisation.new")
	p.look("organisation-with-mistakes")
	for field, value := range map[string]string{"siret": siret, "name": "CCAS d’essai " + lang, "address": "1 rue de l’Essai", "postcode": "75001", "city": "Paris", "phone": "+33 1 99 00 12 34",
		"email": "ccas@essai.exemple.invalid", "referent_given_name": "Rose", "referent_usual_name": "Fictif", "referent_email": "rose-" + lang + "@essai.exemple.invalid"} {
		p.write("#field-"+field, value)
	}
	p.choice("#field-kind", ask[string](p, `[...document.querySelectorAll('#field-kind option')].find(o => o.value !== '').value`))
	p.press("main form .fr-btn--lg")
	p.look("organisation-created")
	there := p.path()
	p.mail("rose-"+lang+"@essai.exemple.invalid", "/invitation/")
	p.visit(there, there+"/modification", there+"/demarches", there+"/suspension", there+"/referent", there+"/horaires")
}

// imports takes in a file of results with a line that is right and one that is not.
func (p *person) imports() {
	p.about("take in results")
	who := map[string]string{"fr": "nadia.benali", "en": "karim.haddad"}[p.lang] // the other language takes in results at the same time
	p.open("/admin/imports")
	p.press("main form .fr-btn")
	p.refusal(422, "admin.imports.title")
	p.look("import-without-file")
	day := time.Now().AddDate(0, 0, -3).Format(time.DateOnly)
	p.attach("resultats.csv", "courriel;formation_date;organisme;type;test_date;score\n"+who+"@tilleuls.exemple.invalid;"+day+";Organisme;classique;;\nnobody@exemple.invalid;"+day+";Organisme;classique;;\n")
	p.press("main form .fr-btn")
	p.page("admin.plan.title")
	p.look("import-planned")
	p.press("main form .fr-btn--lg")
	p.page("admin.import.title")
	p.says("admin.imports.imported_some")
	p.says("admin.refused.unknown")
	p.look("import-done")
	p.visit("/admin/imports")
}

// attach chooses a file.
func (p *person) attach(name, content string) {
	p.t.Helper()
	ask[bool](p, `(() => {
		const files = new DataTransfer();
		files.items.add(new File([%s], %s, {type: 'text/csv'}));
		document.querySelector('input[type=file]').files = files.files;
		return true;
	})()`, strconv.Quote(content), strconv.Quote(name))
}

// cards takes a card in, after a file with mistakes, finds it by its number, and goes to where it is reported lost.
func (p *person) cards(serial string) {
	p.about("take cards in")
	p.open("/admin/cartes")
	p.attach("cartes.csv", serial+";00\n;"+strings.Repeat("0f", 20)+"\n")
	p.press("button[value=import]")
	p.refusal(422, "admin.cards.title")
	p.look("cards-with-mistakes")
	p.attach("cartes.csv", serial+";"+strings.Repeat("0f", 20)+"\n")
	p.press("button[value=import]")
	p.says("admin.cards.imported")
	p.look("cards-imported")
	p.about("find a card")
	p.write("#field-serial", serial+"X")
	p.press("form[role=search] button")
	p.refusal(422, "admin.cards.title")
	p.look("no-such-card")
	p.write("#field-serial", serial)
	p.press("form[role=search] button")
	p.on("/admin/cartes/" + serial)
	p.visit("/admin/cartes/"+serial, "/admin/cartes/"+serial+"/perte")
}

// services registers a public service with a secret, and goes to each of its pages.
func (p *person) services(name string) {
	p.about("register a public service")
	p.open("/admin/services/nouveau")
	p.press("main form .fr-btn--lg")
	p.refusal(422, "admin.service.new")
	p.look("service-with-mistakes")
	p.write("#field-client_name", name)
	p.write("#field-redirect_uris", "https://service.exemple.invalid/retour")
	p.choice("#field-token_endpoint_auth_method", "client_secret_basic")
	p.click("#field-procedures summary")
	p.tick("#theme-" + ask[string](p, `document.querySelector('#field-procedures input[name=themes]').value`))
	p.press("main form .fr-btn--lg")
	p.page("admin.service.secret.title")
	p.look("service-secret")
	p.press("main a.fr-btn")
	there := p.path()
	p.visit("/admin/services", there, there+"/modification", there+"/secret", there+"/fermeture")
	p.open(there + "/fermeture")
	p.press("main form .fr-btn--lg")
	p.says("admin.service.closed")
	p.look("service-closed")
}

// TestAccount: every page of an account that no other story has been to.
func TestAccount(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := arrive(t, habits{lang: lang, album: "account"})
			sub, email := p.enlist("compte-"+lang, org.RoleAidant)
			p.signInAs(sub)
			p.visit("/compte", "/compte/profil", "/compte/courriel", "/compte/telephone", "/compte/facteurs", "/compte/facteurs/carte", "/compte/facteurs/carte/heure", "/charte", "/structures")
			p.about("another address")
			p.open("/compte/courriel")
			p.press("main form button")
			p.look("address-missing")
			p.write("#field-value", "nouvelle-"+email)
			p.press("main form button")
			p.on("/compte/courriel/code")
			p.look("address-code")
			p.write("#field-code", "000000")
			p.press("main form button")
			p.look("address-code-wrong")
		})
	}
}
