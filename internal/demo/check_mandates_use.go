package demo

import (
	"net/url"
)

// accounted is a use of a mandate and the account of it.
func (m *mandates) accounted() []step {
	fields := func(note string) url.Values {
		return url.Values{"outcome": {"done"}, "site": {"www.impots.gouv.fr"}, "receipt": {"2026-117-A"}, "note": {note}}
	}
	return []step{
		{"a mandate is used at a service", all(func() (err error) { m.papers, err = m.jeanne.DrawUp("naissance_Algérie", tax, housing); return },
			func() error { return m.jeanne.Use(TaxService, "haddad", tax) }, says(m.jeanne, "Bonjour Samira"), func() error { return m.jeanne.LeaveService(TaxService) })},
		{"the use waits for its account", all(m.open(m.jeanne, "/espace"), says(m.jeanne, "À compléter"), page(m.jeanne, &m.papers, "usages"), says(m.jeanne, "À compléter"))},
		{"a number that looks like that of social security is refused in the note, with the reason, and what was typed is kept", all(func() error { return m.jeanne.Follow("Déclaration de revenus") },
			press(m.jeanne, "Enregistrer le compte rendu", fields("NIR 1 85 05 78 006 084 91")), status(m.jeanne, 422), tells(m.jeanne, "numéro de sécurité sociale"), func() error {
				return all(press(m.jeanne, "Enregistrer le compte rendu", url.Values{"note": {"Il manque la pièce 3."}}), tells(m.jeanne, "Le compte rendu est enregistré.", "2026-117-A", "C’est fait"))()
			})},
		{"the report says what was done, and is handed over", all(page(m.jeanne, &m.papers, "compte-rendu"), tells(m.jeanne, "2026-117-A", "Il manque la pièce 3."),
			press(m.jeanne, "Je l’ai remis à la personne", nil), says(m.jeanne, "Remis à la personne le"))},
	}
}
