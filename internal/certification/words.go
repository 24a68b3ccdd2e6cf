package certification

import (
	"time"

	"mandat/internal/prose"
)

// words are what a certificate says.
type words struct {
	title, says string
	facts       [][2]string
	means       string
	rights      []string
	note        string
}

// wordsOf puts a certificate into words.
func wordsOf(lang string, c Certification, name string, now time.Time) words {
	date := func(t time.Time) string { return prose.Day(lang, t.Year(), t.Month(), t.Day()) }
	at := func(t time.Time) string { return prose.DateTime(lang, t) }
	if lang == "en" {
		return words{
			title: "Certificate of aidant",
			says:  "The Mandat service certifies that this person was trained to act for others with a mandate, and passed the test.",
			facts: [][2]string{{"Name", name}, {"Training", date(c.TrainedOn) + ", " + map[string]string{Classic: "by a training body", Peer: "between peers"}[c.Training] + "\n" + c.Organiser},
				{"Test passed on", date(c.PassedOn)}, {"Certified on", at(c.CertifiedAt)}, {"Until", at(c.CertifiedUntil)}, {"Number", c.Number()}},
			means: "What it permits",
			rights: []string{
				"To draw up mandates with people who ask for it, and to use them in online procedures, for an organisation that has made this person an aidant.",
				"Nothing without a mandate in force, and nothing after the date given above.",
			},
			note: "This paper does not change when the certificate is suspended or withdrawn: Mandat verifies it at every act. Made on " + at(now) +
				". Times are those of Paris. The PDF file bears the electronic seal of the Mandat service, which shows any alteration.",
		}
	}
	w := words{
		title: "Certificat d’aidant",
		says:  "Le service Mandat certifie que cette personne a été formée à agir pour d’autres avec un mandat, et a réussi le test.",
		facts: [][2]string{{"Nom", name}, {"Formation", date(c.TrainedOn) + ", " + map[string]string{Classic: "par un organisme de formation", Peer: "entre pairs"}[c.Training] + "\n" + c.Organiser},
			{"Test réussi le", date(c.PassedOn)}, {"Certifié le", at(c.CertifiedAt)}, {"Jusqu’au", at(c.CertifiedUntil)}, {"Numéro", c.Number()}},
		means: "Ce qu’il permet",
		rights: []string{
			"Établir des mandats avec les personnes qui le demandent, et les utiliser dans des démarches en ligne, pour une structure qui a fait de cette personne un aidant.",
			"Rien sans mandat en cours, et rien après la date indiquée ci-dessus.",
		},
		note: "Ce papier ne change pas quand le certificat est suspendu ou retiré : Mandat le vérifie à chaque acte. Établi le " + at(now) +
			". Les heures sont celles de Paris. Le fichier PDF porte le cachet électronique du service Mandat, qui montre toute modification.",
	}
	w.note = prose.Spaces(lang, w.note)
	return w
}
