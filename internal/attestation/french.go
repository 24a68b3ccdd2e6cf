package attestation

import (
	"slices"

	"mandat/internal/prose"
)

// french is the document in French. « Vous » is the citizen: it is their paper. What they may need one day comes first: what
// was agreed, how to end it, how to check it.
func (x subject) french() []Block {
	return slices.Concat(x.frenchPowers(), x.frenchEnd(), x.frenchCheck(), x.frenchDuties(), x.frenchProof(), x.frenchRights())
}

func (x subject) frenchPowers() []Block {
	return []Block{
		heading(1, "Attestation de mandat"),
		paragraph("Ce document dit ce qu’une structure d’accompagnement peut faire à votre place, et jusqu’à quand. Il est à vous : gardez-le. « Vous » est la personne qui donne le mandat, « la structure » celle qui le reçoit."),
		heading(2, "Le mandat"),
		facts(
			[2]string{"Donné par", x.name + "\nDate de naissance : " + x.birth},
			[2]string{"Donné à", x.body + "\n" + x.address + "\nSIRET : " + x.terms.Organisation.SIRET},
			[2]string{"Signé le", x.signed},
			[2]string{"Prend fin le", x.ends + "\nDurée choisie : " + x.days},
		),
		paragraph("La structure peut faire pour vous ces démarches en ligne, et aucune autre :"),
		list(x.procedures...),
		paragraph("C’est un mandat au sens de l’article 1984 du Code civil : la structure agit pour vous et en votre nom, par ses aidants habilités. Il prend fin de lui-même à la date indiquée, et n’est jamais prolongé sans vous."),
	}
}

func (x subject) frenchEnd() []Block {
	o := x.terms.Organisation
	return []Block{
		heading(2, "Mettre fin au mandat"),
		paragraph("Vous le pouvez quand vous voulez, sans donner de raison (Code civil, article 2004). Donnez votre nom, votre date de naissance et le nom de la structure :"),
		facts(
			[2]string{"Par téléphone", "La structure : " + prose.Together(o.Phone) + "\nLe service Mandat : " + prose.Together(x.service.Phone)},
			[2]string{"Par lettre", "La structure : " + x.body + ", " + x.address + "\nLe service Mandat : " + x.service.Address},
			[2]string{"Au guichet", "La structure : " + x.address},
		),
		paragraph("Dès que la fin est enregistrée, ce mandat ne permet plus aucune démarche. Il prend fin aussi si la structure y renonce, à votre décès, ou si une mesure de protection est ouverte (article 2003). Une démarche que vous confiez de nouveau à la même structure passe sous le nouveau mandat."),
	}
}

func (x subject) frenchCheck() []Block {
	return []Block{
		heading(2, "Vérifier ce mandat"),
		paragraph("Ce papier ne change pas quand le mandat prend fin. Lisez ce code avec un téléphone, ou tapez cette adresse : la page dit jusqu’à quand le mandat court, ou qu’il n’est pas en cours, et rien d’autre."),
		{Kind: QR, Text: x.status, Alt: "Code QR : page publique qui dit si ce mandat est en cours"},
	}
}

func (x subject) frenchDuties() []Block {
	return []Block{
		heading(2, "Ce que la structure doit faire, et ne peut pas faire"),
		list(
			"Elle s’en tient aux démarches de la liste (Code civil, article 1989).",
			"Elle mène les démarches à bien, et répond de ses fautes (articles 1991 et 1992).",
			"Elle vous rend compte de ce qu’elle a fait (article 1993). Vous pouvez le lui demander à tout moment.",
			"Elle n’utilise que les informations nécessaires à la démarche, et n’en garde pas d’autres.",
			"Ses aidants gardent le secret. Ils ne doivent ni demander ni conserver vos mots de passe.",
		),
		heading(2, "Ce qui est contrôlé, ce qui est déclaré"),
		list(
			"Contrôlé : sans mandat en cours pour la démarche choisie, la connexion en votre nom est refusée.",
			"Contrôlé : chaque utilisation est inscrite, sans votre nom, dans un journal qui montre toute modification.",
			"Déclaré : FranceConnect ne dit pas au service Mandat quel site est ouvert. La démarche inscrite au journal est celle que l’aidant déclare.",
			"Déclaré : l’absence de mesure de protection. Le service Mandat ne peut pas la vérifier.",
		),
	}
}

func (x subject) frenchProof() []Block {
	return []Block{
		heading(2, "Comment le mandat a été donné et accepté"),
		facts(
			[2]string{"Information", "Lue par vous ou avec vous, le " + x.informed},
			[2]string{"Mesure de protection", "Vous avez déclaré n’en avoir aucune (Code civil, articles 425 et suivants), le " + x.protection},
			[2]string{"Identité", "Vérifiée par FranceConnect, le " + x.identified},
			[2]string{"Accord", "Donné par vous sur le récapitulatif, accepté pour la structure par l’aidant présent, le " + x.agreed},
		),
	}
}

func (x subject) frenchRights() []Block {
	return []Block{
		heading(2, "Vos droits sur vos données"),
		paragraph("Vos données servent à ce mandat et à rendre compte de son usage. La règle est de les garder comme preuve six ans après la fin du mandat, puis de les effacer. Vous pouvez demander à les voir, à les faire corriger, à en limiter l’usage, à vous y opposer, ou à les faire effacer quand la loi le permet. Adressez-vous à la structure (" +
			x.terms.Organisation.Email + ") ou au service Mandat (" + x.service.Email + "). En cas de désaccord, vous pouvez saisir la CNIL (cnil.fr)."),
		note("Document établi le " + x.issued + ". Les heures sont celles de Paris. Le fichier PDF porte le cachet électronique du service Mandat, qui montre toute modification. Ce cachet n’est pas votre signature, et ne la remplace pas."),
	}
}
