package attestation

import (
	"slices"
	"strings"

	"mandat/internal/procedure"
	"mandat/internal/prose"
)

// french is the documents in French. On the attestation « vous » is the citizen: it is their paper. What they may need one day comes
// first: what was agreed, how to end it, how to check it.
type french struct{ subject }

func (x french) given() []Block {
	return slices.Concat(x.what(), x.end(), x.check(), x.proof())
}

func (x french) parties() [][2]string {
	return [][2]string{
		{"Donné par", x.citizen.FullName() + ", date de naissance : " + x.citizen.BirthdateText("fr")},
		{"Donné à", x.organisation.Name + "\n" + x.address() + ", SIRET " + x.organisation.SIRET},
		{map[bool]string{true: "Confirmé par code le", false: "Signé le"}[x.signedWith == "code"], x.long(x.signed)},
	}
}

func (x french) what() []Block {
	return []Block{
		heading(1, "Attestation de mandat"),
		paragraph("Ce papier est à vous : gardez-le. « Vous » désigne qui donne le mandat, « la structure » qui le reçoit."),
		facts(append(append(x.parties(), x.time()), x.before()...)...),
		heading(2, "Ce que la structure peut faire pour vous en ligne, et rien d’autre"),
		x.warned(x.listed(" : ", x.says)),
		paragraph(x.consents() + "C’est un mandat (Code civil, article 1984) : la structure agit pour vous et en votre nom, par ses aidants habilités. Il prend fin de lui-même à la date dite, et n’est jamais prolongé sans vous."),
	}
}

// time is until when the mandate runs, and from when if that is not its signature.
func (x french) time() [2]string {
	chosen := ""
	if x.days > 0 {
		chosen = " (durée choisie : " + days("fr", x.days) + ")"
	}
	if x.begins.After(x.signed) {
		return [2]string{"Il va", "du " + x.long(x.begins) + " au " + x.long(x.ends) + chosen}
	}
	return [2]string{"Prend fin le", x.long(x.ends) + chosen}
}

// before is the mandate of another organisation whose place this one takes.
func (x french) before() [][2]string {
	if x.transfers == nil {
		return nil
	}
	return [][2]string{{"Met fin au", "mandat donné à " + x.transfers.Organisation + " le " + prose.Date("fr", x.transfers.SignedAt)}}
}

// says tells what a power permits beside its procedure.
func (x french) says(p granted) []string {
	var out []string
	if p.level != "" {
		out = append(out, map[procedure.Level]string{procedure.See: "voir", procedure.Act: "remplir, envoyer", procedure.Sign: "remplir, envoyer, signer", procedure.Pay: "remplir, envoyer, signer, payer"}[p.level])
	}
	if p.ref != "" {
		out = append(out, "pour le dossier "+p.ref+" seulement")
	}
	if !p.ends.IsZero() && p.ends.Before(x.ends) {
		out = append(out, "jusqu’au "+x.long(p.ends))
	}
	return out
}

// consents says what was accepted apart, and what was not.
func (x french) consents() string {
	if !x.apart {
		return ""
	}
	var yes, no []string
	for _, c := range []struct {
		what  string
		given bool
	}{{"les paiements en votre nom", !x.payments.IsZero()}, {"le changement de vos coordonnées bancaires", !x.bankDetails.IsZero()}} {
		if c.given {
			yes = append(yes, c.what)
		} else {
			no = append(no, c.what)
		}
	}
	var out []string
	if yes != nil {
		out = append(out, "Accepté par vous à part : "+strings.Join(yes, " et ")+".")
	}
	if no != nil {
		out = append(out, "Non accepté : "+strings.Join(no, ", ")+".")
	}
	return strings.Join(append(out, ""), " ")
}

func (x french) contacts() Block {
	return facts(
		[2]string{"La structure", prose.Together(x.organisation.Phone) + ", ou à son adresse : " + x.address()},
		[2]string{"Service Mandat", prose.Together(x.service.Phone) + ", ou par lettre : " + x.service.Address},
	)
}

func (x french) end() []Block {
	return []Block{
		heading(2, "Mettre fin au mandat"),
		paragraph("Quand vous voulez, sans donner de raison (article 2004) : au guichet, par téléphone ou par lettre, avec votre nom, votre date de naissance et le nom de la structure. Dès que la fin est enregistrée, ce mandat ne permet plus rien. Il prend fin aussi si la structure y renonce, à votre décès, ou si une mesure de protection est ouverte (article 2003). Une démarche confiée de nouveau à la même structure passe sous le nouveau mandat."),
		x.contacts(),
	}
}

func (x french) check() []Block {
	return []Block{
		heading(2, "Vérifier ce mandat"),
		{Kind: QR, Text: x.status, Alt: "Code QR : page publique qui dit si ce mandat est en cours", Word: x.control("Mot de contrôle : "), Items: []string{
			"Lisez ce code avec un téléphone, ou tapez cette adresse : la page dit si le mandat est en cours. Avec le mot de contrôle, ou le fichier PDF, elle dit aussi les démarches et la date de fin. Ne donnez ce mot qu’à qui doit vérifier le mandat."}},
	}
}

func (x french) proof() []Block {
	declared := "FranceConnect ne dit pas quel site est ouvert : la démarche inscrite est celle que l’aidant déclare."
	if x.apart {
		declared += " Ce qu’il y fait n’est pas contrôlé non plus."
	}
	return []Block{
		heading(2, "Bon à savoir"),
		small(
			[2]string{"Votre identité", x.identity()},
			[2]string{"Votre accord", x.consent()},
			[2]string{"Vos déclarations", "Information lue par vous ou avec vous, le " + x.short(x.informed) + ". Aucune mesure de protection (Code civil, articles 425 et suivants), le " + x.short(x.protection) + " : le service Mandat ne peut pas le vérifier."},
			[2]string{"La structure", "Elle s’en tient à la liste, mène les démarches à bien, répond de ses fautes et vous rend compte quand vous le demandez (articles 1989 et 1991 à 1993). Ses aidants gardent le secret, et ne doivent ni demander ni conserver vos mots de passe."},
			[2]string{"Contrôlé", "Sans mandat en cours pour la démarche choisie, la connexion en votre nom est refusée. Chaque utilisation est inscrite, sans votre nom, dans un journal qui montre toute modification."},
			[2]string{"Déclaré", declared},
			[2]string{"Vos données", "Elles servent à ce mandat et à en rendre compte. La règle est de les garder comme preuve six ans après sa fin, puis de les effacer. Pour les voir, les corriger, les effacer, en limiter l’usage ou vous y opposer : la structure (" +
				x.organisation.Email + ") ou le service Mandat (" + x.service.Email + "). En cas de désaccord : la CNIL (cnil.fr)."},
		),
		x.seal(),
	}
}

func (x french) seal() Block {
	return note("Document établi le " + x.short(x.now) + ". Les heures sont celles de Paris. Le PDF porte le cachet électronique du service Mandat, qui montre toute modification. Ce cachet n’est pas votre signature.")
}

func (x french) identity() string {
	return map[string]string{"": "Vérifiée par FranceConnect, le ", "franceconnect": "Vérifiée par FranceConnect, le ", "witnessed": "Pièce d’identité vue par l’aidant et par un second collègue, le ",
		"known": "Déjà vérifiée par la structure, qui vous a reconnu le "}[x.identifiedBy] + x.short(x.identified) + "."
}

func (x french) consent() string {
	text := map[string]string{"": "Donné par vous sur le récapitulatif", "franceconnect": "Donné par vous sur le récapitulatif, avec FranceConnect", "colleague": "Donné par vous sur le récapitulatif, devant l’aidant et un second collègue",
		"sms": "Donné par vous, par SMS"}[x.consentBy] + ", le " + x.short(x.signed) + ". Pour la structure, le mandat est " +
		map[string]string{"": "accepté par l’aidant présent.", "passkey": "signé par l’aidant, avec sa clé d’accès.", "code": "confirmé par code par l’aidant."}[x.signedWith] //nolint:gosec // words, no secret
	text += map[string]string{"aloud": " Le récapitulatif vous a été lu.", "cannot_sign": " Vous avez dit votre accord de vive voix."}[x.reading]
	if x.drawn {
		text += " Vous avez dessiné votre signature (signature électronique simple)."
	}
	var present []string
	for _, p := range x.present {
		who := map[string]string{"interpreter": "un interprète", "relative": "un proche", "colleague": "un collègue de l’aidant"}[p.Role]
		if who == "" {
			who = "une autre personne"
		}
		if p.Name != "" {
			who += " (" + p.Name + ")"
		}
		present = append(present, who)
	}
	if present != nil {
		text += " Aussi dans la pièce : " + strings.Join(present, ", ") + "."
	}
	return text
}
