package demo

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/walk"
)

// renewed is the same again with the citizen, or less.
func (m *mandates) renewed() []step {
	again := func(fields url.Values) func() error {
		return func() (err error) { m.draft, err = m.jeanne.Renew(m.angela, fields); return }
	}
	refused := func(fields url.Values, words string) func() error {
		return all(page(m.jeanne, &m.angela, "renouvellement"), func() error { return m.jeanne.Post("", fields) }, status(m.jeanne, 422), says(m.jeanne, words))
	}
	ticked := func(days string, powers ...string) url.Values {
		return url.Values{"days": {days}, "powers": powers, "informed": {"on"}, "no_protection": {"on"}}
	}
	return []step{ // the powers are in the order of themes: housing is the first
		{"a renewal for longer is refused, and one with a power that was not given", all(refused(ticked("182", "1"), "une durée qui ne dépasse pas celle du mandat d’avant"), refused(ticked("31", "3"), "n’est plus proposée"))},
		{"one that is made wider afterwards is not signed", all(again(url.Values{"days": {"31"}, "powers": {"1"}}), func() error { return m.jeanne.Get(m.Config.BaseURL + "/brouillons/" + m.draft.String()) },
			press(m.jeanne, "Continuer : identité de la personne", url.Values{"days": {"182"}, "informed": {"on"}, "no_protection": {"on"}}), m.identified("test"),
			func() error { return m.jeanne.Press(walk.ConfirmSignature, m.jeanne.Agreed()) }, status(m.jeanne, 409), says(m.jeanne, "Ce mandat donne plus que celui qu’il renouvelle"))},
		{"one power for a day: the citizen identifies themselves and agrees, as the first time", all(again(url.Values{"days": {"1"}, "powers": {"1"}}), m.identified("test"), m.signed(&m.renewal), says(m.jeanne, "Voir le mandat d’avant"))},
		{"it takes the place of that power, and leaves the other one", all(page(m.jeanne, &m.angela, ""), tells(m.jeanne, "Un mandat plus récent le remplace", "Autorisée"))},
		{"a newer mandate for the other one ends what is left as superseded, which the certificate of end says", all(m.draws(chosen(tax)), m.identified("test"), m.signed(&m.newest), m.certificate(&m.angela, "superseded"))},
	}
}

// reasons are why a person ends a mandate, with a citizen for each and what the certificate of end says.
var reasons = []struct{ reason, citizen, name string }{
	{"citizen", "naissance_Portugal", "teixeira"}, {"organisation", "naissance_Maroc", "el fassi"}, {"completed", "naissance_Belgique", "van damme"}, {"mistake", "test_CLEMENT", "clement"},
	{"death", "insee_ancien", "collet"}, {"protection", "nom_50+_caractères", "villeneuve"},
}

// why is what the certificate of end says, by reason.
var why = map[string]string{"citizen": "La personne l’a demandé.", "organisation": "La structure y a renoncé.", "completed": "Les démarches sont faites.", "mistake": "Il avait été établi par erreur.",
	"death": "La personne est décédée", "protection": "Une mesure de protection de la personne est ouverte", "superseded": "Un mandat plus récent le remplace.", "transferred": "Il est passé à une autre structure, avec l’accord de la personne."}

// ends is every end that a person can choose.
func (m *mandates) ends() []step {
	out := []step{
		{"one power is ended alone: a code that was issued for it dies", all(func() (err error) { m.part, err = m.jeanne.DrawUp("caractères_spéciaux", tax, housing); return },
			m.dies("légl", tax, func() error { return m.karim.EndPower(m.part, "Déclaration de revenus", "completed") }), page(m.jeanne, &m.part, ""), says(m.jeanne, "Plus autorisée"))},
		{"the other one goes on opening its service, and there is no certificate of end yet", all(func() error { return m.jeanne.Use(AllowanceService, "d'aÿ", housing) }, says(m.jeanne, "Bonjour"),
			func() error { return m.jeanne.LeaveService(AllowanceService) }, page(m.jeanne, &m.part, "attestation-de-fin"), status(m.jeanne, 409))},
	}
	for _, r := range reasons {
		out = append(out, step{"ended, “" + r.reason + "”: a code that was issued dies, nobody is found any more, and the certificate of end says why",
			all(func() (err error) { m.mandate, err = m.jeanne.DrawUp(r.citizen, tax); return }, m.dies(r.name, tax, func() error { return m.karim.End(m.mandate, r.reason) }), m.notFound(m.jeanne, r.name),
				m.certificate(&m.mandate, r.reason))})
	}
	return append(out, step{"the citizen is told by mail of signatures and ends, without the name of a procedure", func() error {
		for _, words := range []string{"Vous avez donné un mandat", "Un mandat a pris fin", "Une partie d’un mandat a pris fin"} {
			mail, err := m.mail("personne.de.test@example.org", words)
			if err != nil {
				return err
			}
			if strings.Contains(mail.Text, "revenus") || strings.Contains(mail.Text, "logement") {
				return errors.New("the mail names a procedure")
			}
		}
		return nil
	}})
}

// certificate reads the certificate of end, and what anybody is told of the mandate since.
func (m *mandates) certificate(mandate *uuid.UUID, reason string) func() error {
	return all(page(m.jeanne, mandate, "attestation-de-fin"), tells(m.jeanne, "Attestation de fin de mandat", why[reason]), m.overInPublic)
}

// overInPublic opens the address on the paper that Jeanne has on her screen.
func (m *mandates) overInPublic() error {
	status, _, err := m.onPaper(m.jeanne)
	if err != nil {
		return err
	}
	w := m.browser()
	if err := w.Get(status); err != nil {
		return err
	}
	if w.Has("Ce mandat est en cours") {
		return fmt.Errorf("the public page says that an ended mandate stands: %s", w.Text())
	}
	return w.Says("Il n’y a pas de mandat en cours à cette adresse")
}
