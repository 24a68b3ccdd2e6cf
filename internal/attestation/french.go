package attestation

import "slices"

// french is the document in French. « Vous » is the citizen: it is their paper.
func (x subject) french() []Block {
	return slices.Concat(x.frenchPowers(), x.frenchDuties(), x.frenchProof(), x.frenchEnd(), x.frenchRights())
}

func (x subject) frenchPowers() []Block {
	return []Block{
		heading(1, "Attestation de mandat"),
		paragraph("Ce document dit ce qu’un organisme peut faire à votre place, et jusqu’à quand. Il est à vous : gardez-le. « Vous » est la personne nommée ici."),
		heading(2, "Qui donne pouvoir à qui"),
		facts(
			[2]string{"Vous", x.name},
			[2]string{"Date de naissance", x.birth},
			[2]string{"donnez pouvoir à", x.body},
			[2]string{"Adresse", x.address},
			[2]string{"SIRET", x.terms.Organisation.SIRET},
			[2]string{"Signé le", x.signed},
			[2]string{"Prend fin le", x.ends},
			[2]string{"Durée choisie", x.days},
		),
		paragraph("C’est un mandat au sens de l’article 1984 du Code civil : l’organisme agit pour vous et en votre nom, par ses aidants habilités. Il prend fin de lui-même à l’instant indiqué, et n’est jamais prolongé sans vous."),
		heading(2, "Les démarches permises"),
		paragraph("L’organisme peut faire pour vous ces démarches en ligne, et aucune autre :"),
		list(x.procedures...),
	}
}

func (x subject) frenchDuties() []Block {
	return []Block{
		heading(2, "Ce que l’organisme doit faire, et ne peut pas faire"),
		list(
			"Il s’en tient aux démarches de la liste (Code civil, article 1989). Pour toute autre, il lui faut un nouveau mandat.",
			"Il mène les démarches à bien tant que le mandat dure, et répond de ses fautes (articles 1991 et 1992).",
			"Il vous rend compte de ce qu’il a fait (article 1993). Vous pouvez le lui demander à tout moment.",
			"Il n’utilise que les informations nécessaires à la démarche, et n’en garde pas d’autres.",
			"Ses aidants sont tenus à la confidentialité. Ils ne vous demandent pas vos mots de passe et ne les conservent pas.",
		),
		heading(2, "Ce qui est contrôlé, ce qui est déclaré"),
		list(
			"Contrôlé : avant chaque connexion en votre nom, le service vérifie que le mandat tient encore et qu’il contient la démarche choisie. Sinon, la connexion est refusée.",
			"Contrôlé : chaque utilisation est inscrite dans un journal que personne ne peut modifier sans que cela se voie. Votre nom n’y figure pas.",
			"Déclaré : quand l’aidant passe par FranceConnect, le service n’apprend pas quel site est ouvert. La démarche inscrite est celle que l’aidant déclare.",
			"Déclaré : l’absence de mesure de protection, ci-dessous, est votre déclaration. Le service ne la vérifie pas.",
		),
	}
}

func (x subject) frenchProof() []Block {
	return []Block{
		heading(2, "Comment vous avez donné votre accord"),
		facts(
			[2]string{"Information", "Lue avec vous, le " + x.informed},
			[2]string{"Mesure de protection", "Vous avez déclaré n’en avoir aucune (sauvegarde de justice, curatelle, tutelle, habilitation familiale, mandat de protection future ; Code civil, articles 425 et suivants), le " + x.protection},
			[2]string{"Identité", "Vérifiée par FranceConnect, le " + x.identified},
			[2]string{"Accord", "Donné sur le récapitulatif, en présence d’un aidant, le " + x.signed},
		),
	}
}

func (x subject) frenchEnd() []Block {
	o := x.terms.Organisation
	return []Block{
		heading(2, "Mettre fin au mandat"),
		paragraph("Vous le pouvez quand vous voulez, sans donner de raison (Code civil, article 2004). Dites ou écrivez votre nom, votre date de naissance et le nom de l’organisme :"),
		facts(
			[2]string{"Par téléphone", "À l’organisme : " + o.Phone + "\nAu service Mandat : " + x.service.Phone},
			[2]string{"Par lettre", "À l’organisme : " + x.body + ", " + x.address + "\nAu service Mandat : " + x.service.Address},
			[2]string{"Au guichet", "Chez l’organisme : " + x.address},
		),
		paragraph("Dès que la fin est enregistrée, plus aucune démarche n’est possible avec ce mandat. Il cesse aussi quand l’organisme y renonce, au décès, ou si une mesure de protection est ouverte (article 2003), et pour les démarches que vous confiez au même organisme par un mandat plus récent."),
	}
}

func (x subject) frenchRights() []Block {
	code := Block{Kind: QR, Text: x.status, Alt: "Code QR : page publique qui dit si ce mandat est en cours"}
	return []Block{
		heading(2, "Vos droits sur vos données"),
		paragraph("Vos données servent à ce mandat et à rendre compte de son usage. Vous pouvez demander à les voir, à les faire corriger, à en limiter l’usage, à vous y opposer, ou à les faire effacer quand la loi le permet : " +
			x.service.Email + " ou " + x.service.Address + ". En cas de désaccord, vous pouvez saisir la CNIL (cnil.fr)."),
		heading(2, "Vérifier ce mandat"),
		paragraph("Ce papier ne change pas quand le mandat prend fin. Pour savoir s’il est en cours, lisez ce code ou tapez cette adresse : la page dit jusqu’à quand le mandat court, ou qu’il n’est pas en cours, et rien d’autre."),
		code,
		note("Document établi le " + x.issued + ". Le fichier porte le cachet électronique du service Mandat : un sceau technique, qui montre toute modification. Ce cachet n’est pas votre signature, et ne la remplace pas."),
	}
}
