package demo

import (
	"net/url"

	"mandat/internal/walk"
)

// transferred is how a citizen changes organisations: with their paper, and by agreeing as to any other mandate.
func (m *mandates) transferred() []step {
	const name = "camara"
	show := func(w *walk.Walker, word *string) func() error {
		return all(m.open(w, "/mandats/transfert"), func() error { return w.Press("Continuer", url.Values{"address": {m.status}, "word": {*word}}) })
	}
	wrong := "lune-lune-lune-lune"
	begun := func() (err error) { m.draft, err = m.paul.Continue(); return }
	return []step{
		{"who has not the word on the paper gets nowhere, and one's own mandate is nothing to take over", all(
			func() (err error) {
				m.moved, err = m.jeanne.DrawUp("étranger_présumé_né_jour", tax, housing)
				return
			}, page(m.jeanne, &m.moved, "attestation"), m.findStatus,
			show(m.paul, &wrong), status(m.paul, 422), says(m.paul, "Ce papier n’est pas celui d’un mandat en cours."), show(m.jeanne, &m.word), status(m.jeanne, 409), says(m.jeanne, "Ce mandat est celui de votre structure."))},
		{"with the word another organisation is proposed what the paper says, without a name, and told what ends", all(show(m.paul, &m.word), tells(m.paul, "Ce mandat met fin à un autre", organisations[0].Name), lacks(m.paul, "CAMARA", "Moussa"), begun)},
		{"somebody else cannot transfer it", all(func() error { return m.paul.Identify(m.draft, "naissance_Maroc") },
			says(m.paul, "Cette personne n’est pas celle qui a donné l’ancien mandat"), page(m.jeanne, &m.moved, ""), says(m.jeanne, "Autorisée"))},
		{"the citizen identifies themselves, reads that the other mandate ends, and agrees", all(func() error { return m.paul.Identify(m.draft, "étranger_présumé_né_jour") }, tells(m.paul, "CAMARA", "Le mandat que vous avez donné à "+organisations[0].Name),
			func() (err error) { m.mandate, err = m.paul.Sign(); return })},
		{"then the one before has ended, its certificate says that it was transferred with the citizen's consent, and opens nothing any more", all(
			m.soon(all(page(m.jeanne, &m.moved, ""), says(m.jeanne, "Passé à un autre organisme"))), m.certificate(&m.moved, "transferred"), lacks(m.jeanne, organisations[1].Name), m.notFound(m.jeanne, name))},
		{"and the new one opens the service to the other organisation", all(func() error { return m.paul.Use(AllowanceService, name, housing) }, says(m.paul, "Bonjour Moussa"), func() error { return m.paul.LeaveService(AllowanceService) })},
	}
}
