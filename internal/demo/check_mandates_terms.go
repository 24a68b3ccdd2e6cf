package demo

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/evidence"
	"mandat/internal/prose"
)

// Procedures of the mandate whose terms are looked at.
const (
	stamp = "argent-timbre-fiscal"  // goes as far as paying
	debts = "argent-surendettement" // has a warning
)

// written is what terms can say, and where it is read again.
func (m *mandates) written() []step {
	tomorrow := time.Now().In(prose.Paris).AddDate(0, 0, 1)
	begins := prose.Date("fr", tomorrow)
	fields := url.Values{"days": {"31"}, "procedures": {stamp, debts, tax}, "level-" + stamp: {"pay"}, "level-" + debts: {"see"}, "case-" + debts: {"2026-117/B"}, "from": {tomorrow.Format("02/01/2006")}}
	all3 := url.Values{"payments": {"on"}, "warned": {debts}}
	for name, v := range fields {
		all3[name] = v
	}
	return []step{
		{"paying needs a consent of its own, and a warning has to be read: nothing goes on without", func() error {
			if _, err := m.jeanne.Draw(fields); err == nil {
				return fmt.Errorf("it went on to %s", m.jeanne.URL().Path)
			}
			return all(status(m.jeanne, 422), tells(m.jeanne, "Une démarche choisie va jusqu’à payer : demandez son accord", "Lisez l’avertissement avec la personne"))()
		}},
		{"the recap says the level and the end of each, the one case, the first day, what was consented to apart and what not, the warning, and what is checked and what declared",
			all(m.draws(all3), m.identified("prénom_composé"), tells(m.jeanne, "consulter, remplir, envoyer, signer et payer en votre nom", "consulter, sans rien changer", "seulement pour le dossier 2026-117/B", "Le mandat commence le "+begins,
				"Vous avez accepté à part que la structure fasse des paiements", "Elle ne peut pas changer vos coordonnées bancaires", "la personne endettée le signe elle-même", "Ce qui est contrôlé, ce qui est déclaré"))},
		{"it can be read in other languages and easier, beside the French that counts, and the evidence file keeps what was read", all(m.ofDraft("recapitulatif?langue=ar&forme=translation"), m.beside("ar", evidence.Translation),
			m.ofDraft("recapitulatif?langue=en&forme=falc"), m.beside("en", evidence.FALC), m.signed(&m.coming), says(m.jeanne, "À venir"), m.keptAsRead)},
		{"the attestation says the same", all(page(m.jeanne, &m.coming, "attestation"),
			tells(m.jeanne, "remplir, envoyer, signer, payer", "pour le dossier 2026-117/B seulement", "du "+begins, "Accepté par vous à part : les paiements en votre nom.", "Non accepté : le changement de vos coordonnées bancaires."))},
		{"it is read in the citizen's language too, beside the sealed French", all(page(m.jeanne, &m.coming, "attestation?traduction=ar"), tells(m.jeanne, "Attestation de mandat", "شهادة توكيل", "لم يراجعها أي مترجم محلَّف"))},
		{"the entry says the same, without the name of anybody or of the case", m.entryOfTerms},
		{"before its first day it opens nothing", m.notFound(m.jeanne, "perrin")},
	}
}

// beside expects a recap in a language and form, and the French one under it.
func (m *mandates) beside(lang, form string) func() error {
	return func() error {
		if shown := fmt.Sprintf(`id="recap-text" lang="%s"`, lang); !strings.Contains(string(m.jeanne.Body()), shown) || !strings.Contains(string(m.jeanne.Body()), `name="forme" value="`+form+`"`) {
			return fmt.Errorf("the page %q has no recap in %s, %s", m.jeanne.H1(), lang, form)
		}
		return m.jeanne.Says("Le texte en français, qui fait foi")
	}
}

// keptAsRead looks for the two texts in the evidence file.
func (m *mandates) keptAsRead() error {
	r, err := m.verified(m.coming)
	if err != nil {
		return err
	}
	if t := r.File.Texts; len(t) != 2 || t[0].Lang != "en" || t[0].Form != evidence.FALC || t[1].Lang != "fr" || t[1].Form != evidence.Plain {
		return fmt.Errorf("the evidence file has %d texts", len(t))
	}
	return nil
}

// entryOfTerms reads the entry of the mandate that begins tomorrow.
func (m *mandates) entryOfTerms() error {
	var e struct {
		Powers []struct {
			Procedure string `json:"procedure"`
			Case      string `json:"case"`
			Level     string `json:"level"`
		} `json:"powers"`
		Scheduled   bool      `json:"scheduled"`
		Payments    bool      `json:"payments"`
		BankDetails bool      `json:"bank_details"`
		SignedWith  string    `json:"signed_with"`
		StartsAt    time.Time `json:"starts_at"`
	}
	if err := m.entry(m.coming, "mandate.signed", &e); err != nil {
		return err
	}
	levels := map[string]string{}
	for _, p := range e.Powers {
		levels[p.Procedure] = p.Level
		if (p.Procedure == debts) != (p.Case != "") || p.Case == "2026-117/B" {
			return fmt.Errorf("the entry says of the case of %s %q", p.Procedure, p.Case)
		}
	}
	if levels[stamp] != "pay" || levels[debts] != "see" || levels[tax] != "act" || !e.Scheduled || !e.Payments || e.BankDetails || e.SignedWith != "code" || !e.StartsAt.After(time.Now()) {
		return fmt.Errorf("the entry says %+v", e)
	}
	return nil
}

var (
	entryLink = regexp.MustCompile(`href="(/audit/journal/[0-9]+)"`)
	entryText = regexp.MustCompile(`(?s)<pre class="fr-code"[^>]*>(\{.*?)</pre>`)
)

// entries are the bodies of the entries of an act on a mandate as the auditor's pages show them, the latest first.
func (c *check) entries(mandate uuid.UUID, action string) ([][]byte, error) {
	w := c.browser() // the auditor's own window may show something else
	if err := w.SignIn("demo-sofia"); err != nil {
		return nil, err
	}
	list := c.Config.BaseURL + "/audit/journal?" + url.Values{"mandat": {mandate.String()}, "acte": {action}}.Encode()
	var links [][][]byte
	err := c.soon(func() error { // an entry has a page when it is in the tree, some milliseconds after the act
		err := w.Get(list)
		if links = entryLink.FindAllSubmatch(w.Body(), -1); err == nil && len(links) == 0 {
			err = fmt.Errorf("the auditor's page shows no entry %s: %d %q", action, w.Status(), w.H1())
		}
		return err
	})()
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, link := range links {
		if err := w.Get(c.Config.BaseURL + string(link[1])); err != nil {
			return nil, err
		}
		if found := entryText.FindSubmatch(w.Body()); found != nil {
			out = append(out, []byte(html.UnescapeString(string(found[1]))))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the auditor's page shows no entry %s: %d %q", action, w.Status(), w.H1())
	}
	return out, nil
}

// entry reads the detail of the latest entry of an act on a mandate.
func (c *check) entry(mandate uuid.UUID, action string, detail any) error {
	bodies, err := c.entries(mandate, action)
	if err != nil {
		return err
	}
	var body struct {
		Detail json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(bodies[0], &body); err != nil {
		return fmt.Errorf("read the entry %s: %w", action, err)
	}
	return json.Unmarshal(body.Detail, detail)
}
