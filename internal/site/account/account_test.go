package account_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/fixture"
	"mandat/internal/franceconnect"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/proconnect"
	"mandat/internal/session"
)

// home is somebody with an application who is signed in, on the page of their account.
func home(t *testing.T) (d *desk.Desk, lea journal.Actor, code func() string, b *browse.Browser) {
	t.Helper()
	d = desk.Open(t, func(string) (proconnect.Config, franceconnect.Config) {
		return proconnect.Config{Issuer: "https://proconnect.invalid", ClientID: "mandat", ClientSecret: "secret"},
			franceconnect.Config{Issuer: "https://franceconnect.invalid", ClientID: "mandat", ClientSecret: "secret"}
	})
	lea = d.Newcomer(t, "lea", org.RoleAidant)
	code, b = d.App(t, lea), browse.New()
	enter(t, d, b, code)
	get(t, b, d.URL+"/compte")
	return d, lea, code, b
}

// enter signs Léa in.
func enter(t *testing.T, d *desk.Desk, b *browse.Browser, code func() string) {
	t.Helper()
	d.Clock.Advance(5 * time.Minute) // links and codes are not for every second
	d.HalfIn(t, b, "lea@exemple.invalid")
	press(t, b, "Valider le code", "code", code())
	if b.H1() != "espace" {
		t.Fatalf("not signed in: %s", b.Text())
	}
}

func get(t *testing.T, b *browse.Browser, address string) {
	t.Helper()
	if err := b.Get(address); err != nil {
		t.Fatal(err)
	}
}

func press(t *testing.T, b *browse.Browser, button string, pairs ...string) {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	if err := b.Press(button, values); err != nil {
		t.Fatal(err)
	}
}

func post(t *testing.T, b *browse.Browser, path string, pairs ...string) {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	if err := b.Post(path, values); err != nil {
		t.Fatal(err)
	}
}

func says(t *testing.T, b *browse.Browser, status int, texts ...string) {
	t.Helper()
	if b.Status() != status {
		t.Errorf("%d at %v: %s", b.Status(), b.URL(), b.Text())
	}
	for _, text := range texts {
		if !b.Has(text) {
			t.Errorf("at %v it does not say %q: %s", b.URL(), text, b.Text())
		}
	}
}

const confirmTitle = "Confirmez que c’est bien vous"

// What changes an account asks for a factor of just now before its form is filled in, and comes back to the form.
func TestAccount_StepsUpBeforeTheForm(t *testing.T) {
	t.Parallel()
	d, lea, code, b := home(t)
	f, err := d.Factors.Factors(t.Context(), lea.Person)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/compte/courriel", "/compte/telephone", "/compte/facteurs/cle", "/compte/facteurs/application", "/compte/facteurs/carte", "/compte/facteurs/" + f.App.ID.String()} {
		d.Clock.Advance(20 * time.Minute)
		get(t, b, d.URL+path)
		says(t, b, 200, confirmTitle)
		press(t, b, "Valider le code", "code", code())
		if b.URL().Path != path || b.Status() != 200 {
			t.Errorf("%s: came back to %v, %d", path, b.URL(), b.Status())
		}
	}
}

// What was typed into a form whose factor became too old meanwhile is there again once it was given, but for codes.
func TestAccount_KeepsWhatWasEntered(t *testing.T) {
	t.Parallel()
	d, lea, code, b := home(t)
	if status, answer := d.AddKey(t, b, d.Key(t), "Ordinateur du bureau"); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	f, err := d.Factors.Factors(t.Context(), lea.Person)
	if err != nil {
		t.Fatal(err)
	}
	key := "/compte/facteurs/" + f.Passkeys[0].ID.String()
	for path, field := range map[string][]string{
		"/compte/courriel":       {"value", "autre@exemple.invalid"},
		"/compte/telephone":      {"value", "06 12 34 56 78"},
		"/compte/facteurs/carte": {"serial", "GADT0001", "code", "987654", "second", "876543"},
		key:                      {"name", "Téléphone de service"},
	} {
		d.Clock.Advance(16 * time.Minute)
		post(t, b, d.URL+path, field...)
		says(t, b, 200, confirmTitle)
		press(t, b, "Valider le code", "code", code())
		if body := string(b.Body()); b.URL().Path != path || !strings.Contains(body, `value="`+field[1]+`"`) || strings.Contains(body, "987654") {
			t.Errorf("%s: came back to %v without %q", path, b.URL(), field[1])
		}
		says(t, b, 200, "Il reste à envoyer")
	}
	if n := d.Number(t, `select count(*) from session where kept_form is not null`); n != 0 {
		t.Errorf("%d forms are kept longer than needed", n)
	}
}

// What is posted without one is not done, and the form is asked for again.
func TestAccount_ActsAskForAFreshFactor(t *testing.T) {
	t.Parallel()
	d, lea, _, b := home(t)
	f, err := d.Factors.Factors(t.Context(), lea.Person)
	if err != nil {
		t.Fatal(err)
	}
	entries := d.Number(t, `select count(*) from journal_entry`)
	d.Clock.Advance(14 * time.Minute)
	_, question := d.Script(t, b, "/compte/facteurs/cle/debut", map[string]any{})
	d.Clock.Advance(4 * time.Minute) // the question is of now, the factor is not
	asked, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	made, err := d.Key(t).Create(asked)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := d.Script(t, b, "/compte/facteurs/cle/fin", map[string]any{"name": "Clé", "response": json.RawMessage(made)}); status != http.StatusOK || answer["location"] != session.ConfirmPath {
		t.Errorf("a passkey: %d %v", status, answer)
	}
	for path, form := range map[string][]string{
		"/compte/courriel":                                   {"value", "autre@exemple.invalid"},
		"/compte/telephone":                                  {"value", "0612345678"},
		"/compte/facteurs/application":                       {"code", "000000"},
		"/compte/facteurs/carte":                             {"serial", "GADT0001", "code", "000000"},
		"/compte/facteurs/secours":                           nil,
		"/compte/facteurs/" + f.App.ID.String() + "/retirer": nil,
	} {
		post(t, b, d.URL+path, form...)
		says(t, b, 200, confirmTitle)
	}
	if status, answer := d.Script(t, b, "/compte/facteurs/cle/debut", map[string]any{}); status != http.StatusOK || len(answer) != 1 || answer["location"] != session.ConfirmPath {
		t.Errorf("what a passkey is to sign: %d %v", status, answer)
	}
	if n := d.Number(t, `select count(*) from journal_entry`) - entries; n != 0 || d.Number(t, `select count(*) from person_contact`) != 0 {
		t.Errorf("%d acts were done", n)
	}
}

func TestFactors_AddRenameRemove(t *testing.T) {
	t.Parallel()
	d, lea, _, b := home(t)
	if status, answer := d.AddKey(t, b, d.Key(t), "Ordinateur du bureau"); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	get(t, b, d.URL+"/compte/facteurs")
	says(t, b, 200, "Ordinateur du bureau", "Votre clé d’accès est ajoutée", "Jamais utilisée", "Synchronisée")
	if err := b.Follow("Renommer ou retirer Ordinateur du bureau"); err != nil {
		t.Fatal(err)
	}
	press(t, b, "Changer le nom", "name", "  ")
	says(t, b, 422, "Donnez un nom")
	press(t, b, "Changer le nom", "name", "Portable")
	says(t, b, 200, "Portable", "Le nom est changé")
	if err := b.Follow("Renommer ou retirer Portable"); err != nil {
		t.Fatal(err)
	}
	press(t, b, "Retirer ce second facteur")
	says(t, b, 200, "Ce second facteur est retiré", "Aucune clé d’accès")
	if n := d.Number(t, `select count(*) from journal_entry where action in ('factor.added', 'factor.removed') and body::jsonb->'detail'->>'kind' = 'passkey' and person_id = $1`, lea.Person); n != 2 {
		t.Errorf("%d entries", n)
	}
	// The last one of somebody whom ProConnect does not know stays.
	if err := b.Follow("Retirer Application"); err != nil {
		t.Fatal(err)
	}
	says(t, b, 200, "C’est votre dernier second facteur")
	press(t, b, "Retirer ce second facteur")
	says(t, b, 409, "Il n’a pas été retiré")
}

// Somebody else's factors, and what is none, are not there.
func TestFactors_OnlyOnesOwn(t *testing.T) {
	t.Parallel()
	d, _, _, b := home(t)
	if status, answer := d.AddKey(t, b, d.Key(t), "Clé"); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	max := d.Newcomer(t, "max", org.RoleAidant)
	d.App(t, max)
	theirs, err := d.Factors.Factors(t.Context(), max.Person)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{theirs.App.ID.String(), uuid.NewString(), "x"} {
		get(t, b, d.URL+"/compte/facteurs/"+id)
		says(t, b, 404)
		post(t, b, d.URL+"/compte/facteurs/"+id, "name", "X")
		says(t, b, 404)
		post(t, b, d.URL+"/compte/facteurs/"+id+"/retirer")
		says(t, b, 404)
	}
	if has, err := d.Factors.Has(t.Context(), max.Person); !has || err != nil {
		t.Errorf("it was removed: %v", err)
	}
}

// Another application replaces the one before; its secret is shown until a code of it was seen.
func TestFactors_ReplaceTheApplication(t *testing.T) {
	t.Parallel()
	d, _, code, b := home(t)
	get(t, b, d.URL+"/compte/facteurs/application")
	key := b.TextByID("key")
	if len(strings.ReplaceAll(key, " ", "")) != 32 {
		t.Errorf("key %q", key)
	}
	press(t, b, "Ajouter l’application", "code", code())
	says(t, b, 422, "Ce code n’est pas le bon")
	if b.TextByID("key") != key {
		t.Error("the key has changed")
	}
	press(t, b, "Ajouter l’application", "code", desk.CodeOf(t, key, d.Clock.Now()))
	says(t, b, 200, "Votre application est ajoutée")
	get(t, b, d.URL+"/compte/facteurs/application")
	if b.TextByID("key") == key {
		t.Error("the key is shown again")
	}
}

// Recovery codes are shown once, and only beside a factor.
func TestFactors_RecoveryCodes(t *testing.T) {
	t.Parallel()
	d, lea, _, b := home(t)
	get(t, b, d.URL+"/compte/facteurs")
	press(t, b, "Créer dix codes de secours")
	says(t, b, 200, "Vos codes de secours", "lea Fictif")
	if n := len(d.Post.Of("recovery_made")); n != 1 {
		t.Errorf("%d messages", n)
	}
	if codes := strings.Count(string(b.Body()), "<li><code>"); codes != 10 || b.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d codes, %v", codes, b.Header())
	}
	if n := d.Number(t, `select count(*) from credential_recovery where person_id = $1`, lea.Person); n != 10 {
		t.Errorf("%d rows", n)
	}
	get(t, b, d.URL+"/compte/facteurs")
	says(t, b, 200, "Il vous reste 10 codes de secours")
	if strings.Contains(string(b.Body()), "<li><code>") {
		t.Error("the codes are on another page")
	}
}

// A reset that somebody asked for is seen and ended by its person.
func TestFactors_CancelAReset(t *testing.T) {
	t.Parallel()
	d, lea, _, b := home(t)
	if _, err := d.Factors.AskReset(t.Context(), d.Robin(t), lea.Person); err != nil {
		t.Fatal(err)
	}
	d.Clock.Advance(20 * time.Minute) // no fresh factor is asked for: time matters
	get(t, b, d.URL+"/compte/facteurs")
	says(t, b, 200, "Une remise à zéro de vos seconds facteurs est demandée")
	press(t, b, "Annuler la remise à zéro")
	says(t, b, 200, "La remise à zéro est annulée")
	if n := d.Number(t, `select count(*) from credential_reset where state = 'cancelled'`); n != 1 {
		t.Errorf("%d resets", n)
	}
}

func TestProfile(t *testing.T) {
	t.Parallel()
	d, lea, _, b := home(t)
	says(t, b, 200, "lea Fictif", "lea@exemple.invalid", "vérifié", "Maison France Services de démonstration", "Formation à suivre")
	get(t, b, d.URL+"/compte/profil")
	press(t, b, "Enregistrer", "profession", strings.Repeat("x", 101))
	says(t, b, 422)
	press(t, b, "Enregistrer", "profession", "Assistante sociale", "lang", "en", "adviser", "on")
	says(t, b, 200, "Votre profil est à jour", "Assistante sociale", "English")
	if n := d.Number(t, `select count(*) from person where id = $1 and lang = 'en' and digital_adviser and profession = 'Assistante sociale'`, lea.Person); n != 1 {
		t.Error("it is not kept")
	}
}

// Another address or number counts once its person has shown that it is theirs.
func TestContact_IsShownBeforeItCounts(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct{ path, bad, good, kept, column string }{
		org.ByEmail: {"/compte/courriel", "nouvelle", "Nouvelle@exemple.invalid", "nouvelle@exemple.invalid", "email"},
		org.ByPhone: {"/compte/telephone", "12", "06 12 34 56 78", "+33612345678", "phone"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d, lea, _, b := home(t)
			kept := func() int {
				return d.Number(t, `select count(*) from person where id = $1 and `+c.column+` = $2`, lea.Person, c.kept)
			}
			get(t, b, d.URL+c.path)
			press(t, b, "Envoyer le code", "value", c.bad)
			says(t, b, 422)
			press(t, b, "Envoyer le code", "value", c.good)
			says(t, b, 200, "Code reçu", c.kept)
			_, secret, err := d.Contacts.Write(t.Context(), lea.Person, kind)
			if err != nil {
				t.Fatal(err)
			}
			press(t, b, "Vérifier", "code", "x"+secret)
			says(t, b, 422, "Ce code n’est pas le bon")
			if kept() != 0 {
				t.Error("it counts before it was shown")
			}
			press(t, b, "Vérifier", "code", secret)
			says(t, b, 200, "vérifié")
			if kept() != 1 {
				t.Error("it does not count")
			}
		})
	}
}

// The certificate is there for who has one, and nobody else's is.
func TestProfile_Certificate(t *testing.T) {
	t.Parallel()
	d, lea, code, b := home(t)
	get(t, b, d.URL+"/compte/certificat.pdf")
	says(t, b, 404)
	fixture.Certify(t, d.Database, d.Clock.Now(), lea.Person)
	get(t, b, d.URL+"/compte")
	says(t, b, 200, "Certifié", "Télécharger mon certificat")
	get(t, b, d.URL+"/compte/certificat.pdf")
	if b.Status() != 200 || b.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(string(b.Body()), "%PDF-") {
		t.Errorf("%d %v", b.Status(), b.Header())
	}
	if err := d.Directory.Rename(t.Context(), d.Administrator(t, "ada"), lea.Person, "Léa", "Ⴄ"); err != nil {
		t.Fatal(err)
	}
	get(t, b, d.URL+"/compte/certificat.pdf")
	says(t, b, 422, "Le certificat ne peut pas être imprimé", "Votre certification n’est pas en cause")
	d.Clock.Advance(4 * 365 * 24 * time.Hour)
	get(t, b, d.URL+"/compte")
	d.HalfIn(t, b, "lea@exemple.invalid")
	press(t, b, "Valider le code", "code", code())
	get(t, b, d.URL+"/compte")
	says(t, b, 200, "Certification expirée", "Demandez à votre référent une nouvelle formation")
	get(t, b, d.URL+"/compte/certificat.pdf")
	says(t, b, 404)
}
