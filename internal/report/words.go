package report

import (
	"fmt"

	"mandat/internal/unsealing"
)

// words are what a report says, in one language.
type words struct {
	lang, title, law                 string
	whose, born, whoActs             string
	signed, confirmed, until, ended  string
	doneTitle, unused                string
	one, several, oneDue, severalDue string
	file, ofCase, when, how, outcome string
	service, site, receipt, note     string
	supplied, yes                    string
	by, corrected, correctedOn       string
	neverTitle, neverText            string
	limitsTitle, established         string
	unsealedTitle, unsealedText      string
	unsealedOn, unsealedNever        string
	unsealedOnce, unsealedOften      string
	unsealedFor                      map[string]string
	limitsText                       []string
	ways                             map[string]string
	outcomes                         map[string]string // "" is that nobody gave an account
}

var french = words{
	lang: "fr", title: "Compte rendu du mandat",
	law:   "Qui agit au nom de quelqu’un doit lui rendre compte de ce qui a été fait (Code civil, article 1993). Voici tout ce qui a été fait avec ce mandat.",
	whose: "La personne", born: "date de naissance : %s", whoActs: "Qui agit pour elle",
	signed: "Mandat signé le", confirmed: "Mandat confirmé par code le", until: "Prend fin le", ended: "A pris fin le",
	doneTitle: "Ce qui a été fait", unused: "Ce mandat n’a pas été utilisé.",
	one: "Ce mandat a été utilisé une fois.", several: "Ce mandat a été utilisé %d fois.",
	oneDue:     "Pour une utilisation, le compte rendu n’est pas encore écrit ou la démarche reste à finir.",
	severalDue: "Pour %d utilisations, le compte rendu n’est pas encore écrit ou la démarche reste à finir.",
	file:       "Seulement pour le dossier", ofCase: "%s, seulement pour le dossier %s",
	when: "Quand", how: "Comment", outcome: "Résultat", service: "Service", site: "Site", receipt: "Numéro de récépissé", note: "Précisions",
	supplied: "Informations fournies par la personne", yes: "Oui", by: "Par", corrected: "Compte rendu corrigé", correctedOn: "le %s par %s",
	neverTitle: "Ce qui n’a jamais été utilisé", neverText: "Ces démarches étaient autorisées. Rien n’a été fait pour elles avec ce mandat.",
	unsealedTitle: "Qui a vu le nom de la personne, en vérifiant le service",
	unsealedText:  "Les personnes chargées de vérifier le service travaillent sans les noms. Pour voir un nom, il leur faut une raison et l’accord d’une seconde personne, pour une heure.",
	unsealedOn:    "Accord donné le %s, pour ce motif : %s.", unsealedNever: "Le nom n’a pas été regardé.", unsealedOnce: "Le nom a été regardé une fois, le %s.",
	unsealedOften: "Le nom a été regardé %d fois, la dernière le %s.",
	unsealedFor: map[string]string{unsealing.Complaint: "une réclamation", unsealing.Request: "une demande de la personne ou de qui la représente", unsealing.Anomaly: "une anomalie dans le journal",
		unsealing.Authority: "une demande d’un tribunal ou d’une autorité de contrôle", unsealing.Incident: "un incident de sécurité"},
	limitsTitle: "Ce que ce compte rendu garantit", established: "Compte rendu établi le %s. Chaque utilisation et chaque compte rendu sont inscrits dans le journal du service.",
	limitsText: []string{
		"Garanti par le service Mandat, pour une connexion au nom de la personne : qui a utilisé le mandat, pour qui et quand. Sans mandat en cours, cette connexion est refusée.",
		"Garanti aussi, quand un service est nommé : que la connexion était à ce service, pour cette démarche et pour ce dossier s’il y en a un.",
		"Déclaré par le professionnel, pour ce qui s’est fait autrement (téléphone, courrier, guichet, site sans FranceConnect) : qu’il a utilisé le mandat. Le service garantit seulement qui l’a déclaré, et quand.",
		"Déclaré par le professionnel, quand aucun service n’est nommé : la démarche, le dossier et le site. FranceConnect ne dit pas quel site a été ouvert.",
		"Toujours déclaré par le professionnel : le résultat et le numéro de récépissé.",
	},
	ways: map[string]string{Login: "En se connectant au nom de la personne", Site: "Sur un site sans FranceConnect", Telephone: "Par téléphone", Paper: "Par courrier ou formulaire papier",
		Counter: "Au guichet de l’organisme"},
	outcomes: map[string]string{Done: "C’est fait", ToFinish: "Reste à finir", Refused: "Refusé par l’organisme", Nothing: "Rien n’a été fait", "": "Compte rendu pas encore écrit"},
}

var english = words{
	lang: "en", title: "Account of the mandate",
	law:   "Whoever acts in somebody’s name owes them an account of what was done (Code civil, article 1993). Here is everything that was done with this mandate.",
	whose: "The person", born: "date of birth: %s", whoActs: "Who acts for them",
	signed: "Mandate signed on", confirmed: "Mandate confirmed by code on", until: "Ends on", ended: "Ended on",
	doneTitle: "What was done", unused: "This mandate was not used.",
	one: "This mandate was used once.", several: "This mandate was used %d times.",
	oneDue:     "For one use the account is not written yet, or the procedure is still to be finished.",
	severalDue: "For %d uses the account is not written yet, or the procedure is still to be finished.",
	file:       "Only for the case", ofCase: "%s, only for the case %s",
	when: "When", how: "How", outcome: "Outcome", service: "Service", site: "Site", receipt: "Receipt number", note: "Details",
	supplied: "Information supplied by the person", yes: "Yes", by: "By", corrected: "Account corrected", correctedOn: "on %s by %s",
	neverTitle: "What was never used", neverText: "These procedures were allowed. Nothing was done for them with this mandate.",
	unsealedTitle: "Who saw the person’s name, in checking the service",
	unsealedText:  "Those who check the service work without names. To see a name they need a reason and the agreement of a second person, for one hour.",
	unsealedOn:    "Agreement given on %s, for this reason: %s.", unsealedNever: "The name was not looked at.", unsealedOnce: "The name was looked at once, on %s.",
	unsealedOften: "The name was looked at %d times, the last time on %s.",
	unsealedFor: map[string]string{unsealing.Complaint: "a complaint", unsealing.Request: "a request of the person or of whoever stands in for them", unsealing.Anomaly: "something odd in the journal",
		unsealing.Authority: "a request of a court or a supervisory authority", unsealing.Incident: "a security incident"},
	limitsTitle: "What this account guarantees", established: "Account drawn up on %s. Every use and every account stand in the journal of the service.",
	limitsText: []string{
		"Guaranteed by the Mandat service, for signing in in the person’s name: who used the mandate, for whom and when. Without a mandate in force, that is refused.",
		"Guaranteed too, where a service is named: that it was this service that was signed in to, for this procedure, and for this case if there is one.",
		"Declared by the professional, for what was done in another way (telephone, letter, counter, site without FranceConnect): that they used the mandate. The service guarantees only who declared it, and when.",
		"Declared by the professional, where no service is named: the procedure, the case and the site. FranceConnect does not tell which site was opened.",
		"Always declared by the professional: the outcome and the receipt number.",
	},
	ways: map[string]string{Login: "By signing in in the person’s name", Site: "On a site without FranceConnect", Telephone: "By telephone", Paper: "By letter or paper form",
		Counter: "At the body’s counter"},
	outcomes: map[string]string{Done: "Done", ToFinish: "To be finished", Refused: "Refused by the body", Nothing: "Nothing was done", "": "Account not written yet"},
}

// count says how many uses there were, and how many of them are not done with.
func (w words) count(all int, due []Use) string {
	out := w.one
	if all > 1 {
		out = fmt.Sprintf(w.several, all)
	}
	switch len(due) {
	case 0:
		return out
	case 1:
		return out + " " + w.oneDue
	}
	return out + " " + fmt.Sprintf(w.severalDue, len(due))
}
