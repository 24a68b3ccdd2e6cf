package attestation

import "slices"

// ended is the certificate of end. It names the citizen by their name: after a death it is another's to read.
func (x french) ended() []Block {
	return slices.Concat([]Block{
		heading(1, "Attestation de fin de mandat"),
		paragraph("Le mandat décrit ici a pris fin. Plus rien ne peut être fait avec lui : toute connexion au nom de la personne par ce mandat est refusée depuis cette fin."),
		facts(append(x.parties(),
			[2]string{"A pris fin le", x.long(x.endedAt)},
			[2]string{"Pourquoi", frenchWhy[x.reason]},
			[2]string{"Par qui", frenchWho[x.reason]})...),
		heading(2, "Ce que ce mandat permettait, et qu’il ne permet plus"),
		x.listed(" : ", x.saysEnded),
		heading(2, "Ce qu’il faut encore savoir"),
		list(
			"Une démarche déjà envoyée suit son cours : l’administration qui l’a reçue répond de la suite.",
			"La structure rend compte de ce qu’elle a fait à la personne, ou à ses héritiers, qui le demandent (Code civil, article 1993).",
			"La fin de ce mandat n’en annule aucun autre. Un nouveau mandat demande un nouvel accord de la personne.",
			"Si quelque chose a été fait après cette fin au nom de la personne, il faut le dire à la structure ou au service Mandat :",
		),
		x.contacts(),
	}, x.checkEnd(), []Block{x.seal()})
}

// saysEnded tells of a power that ended before the mandate did.
func (x french) saysEnded(p granted) []string {
	if p.endedAt.IsZero() || p.endedAt.Equal(x.endedAt) {
		return nil
	}
	return []string{"terminé dès le " + x.long(p.endedAt)}
}

func (x french) checkEnd() []Block {
	return []Block{
		heading(2, "Vérifier"),
		{Kind: QR, Text: x.status, Alt: "Code QR : page publique qui dit si le mandat est en cours", Items: []string{"Lisez ce code avec un téléphone, ou tapez cette adresse : la page dit si le mandat est en cours."}},
	}
}

// report is an account of what was done, with what it says in between.
func (x french) report(title string, body []Block) []Block {
	last := [2]string{"Prend fin le", x.long(x.ends)}
	if end := x.endedAt; !end.IsZero() {
		last = [2]string{"A pris fin le", x.long(end)}
	}
	return slices.Concat([]Block{heading(1, title), facts(append(x.parties(), last)...)}, body, x.checkEnd(), []Block{x.seal()})
}

// frenchWhy says why a mandate ended, by the reason in its entry.
var frenchWhy = map[string]string{
	"citizen":      "La personne l’a demandé.",
	"organisation": "La structure y a renoncé.",
	"completed":    "Les démarches sont faites.",
	"mistake":      "Il avait été signé par erreur.",
	"death":        "La personne est décédée (Code civil, article 2003).",
	"protection":   "Une mesure de protection de la personne est ouverte (Code civil, article 2003).",
	"superseded":   "Un mandat plus récent le remplace.",
	"expired":      "La date prévue est atteinte.",
	"transferred":  "Il est passé à une autre structure, avec l’accord de la personne.",
}

// frenchWho says who ended it.
var frenchWho = map[string]string{
	"citizen":      "La personne qui l’avait donné ; la structure l’a enregistré.",
	"organisation": "La structure qui l’avait reçu.",
	"completed":    "La structure qui l’avait reçu.",
	"mistake":      "La structure qui l’avait reçu.",
	"death":        "Personne : il finit de lui-même ; la structure l’a enregistré.",
	"protection":   "Personne : il finit de lui-même ; la structure l’a enregistré.",
	"superseded":   "La personne, en donnant un nouveau mandat à la même structure.",
	"expired":      "Personne : il finit de lui-même à la date prévue.",
	"transferred":  "La personne, en donnant un nouveau mandat à une autre structure.",
}
