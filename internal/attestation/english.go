package attestation

import "slices"

// english is the document in English, block for block as in French.
func (x subject) english() []Block {
	return slices.Concat(x.englishPowers(), x.englishDuties(), x.englishProof(), x.englishEnd(), x.englishRights())
}

func (x subject) englishPowers() []Block {
	return []Block{
		heading(1, "Attestation of mandate"),
		paragraph("This document says what an organisation may do in your place, and until when. It is yours: keep it. “You” are the person named here. It can also be issued in French; if the two could be read differently, the French one counts."),
		heading(2, "Who gives power to whom"),
		facts(
			[2]string{"You", x.name},
			[2]string{"Date of birth", x.birth},
			[2]string{"give power to", x.body},
			[2]string{"Address", x.address},
			[2]string{"SIRET", x.terms.Organisation.SIRET},
			[2]string{"Signed on", x.signed},
			[2]string{"Ends on", x.ends},
			[2]string{"Duration chosen", x.days},
		),
		paragraph("This is a mandate under article 1984 of the French Civil Code: the organisation acts for you and in your name, through its authorised aidants (the professionals who help you). It ends by itself at the moment given, and is never prolonged without you."),
		heading(2, "What is permitted"),
		paragraph("The organisation may carry out these online procedures for you, and no others:"),
		list(x.procedures...),
	}
}

func (x subject) englishDuties() []Block {
	return []Block{
		heading(2, "What the organisation must and may not do"),
		list(
			"It keeps to the procedures in the list (Civil Code, article 1989). For any other, it needs a new mandate.",
			"It sees the procedures through while the mandate lasts, and answers for its faults (articles 1991 and 1992).",
			"It accounts to you for what it has done (article 1993). You can ask at any time.",
			"It uses only the information that the procedure needs, and keeps no other.",
			"Its aidants are bound to confidentiality. They do not ask for your passwords and do not keep them.",
		),
		heading(2, "What is enforced, what is declared"),
		list(
			"Enforced: before each connection in your name, the service checks that the mandate still stands and contains the procedure chosen. If not, the connection is refused.",
			"Enforced: every use is entered in a journal that nobody can alter without it showing. Your name is not in it.",
			"Declared: when the aidant goes through FranceConnect, the service does not learn which site is opened. The procedure entered is the one that the aidant declares.",
			"Declared: that there is no protection measure, below, is your own statement. The service does not verify it.",
		),
	}
}

func (x subject) englishProof() []Block {
	return []Block{
		heading(2, "How you gave your agreement"),
		facts(
			[2]string{"Information", "Read with you, on " + x.informed},
			[2]string{"Protection measure", "You declared that you are under none (judicial safeguard, curatorship, guardianship, family authorisation, future protection mandate; Civil Code, articles 425 and following), on " + x.protection},
			[2]string{"Identity", "Verified by FranceConnect, on " + x.identified},
			[2]string{"Agreement", "Given on the summary, in the presence of an aidant, on " + x.signed},
		),
	}
}

func (x subject) englishEnd() []Block {
	o := x.terms.Organisation
	return []Block{
		heading(2, "Ending the mandate"),
		paragraph("You can do so whenever you want, without giving a reason (Civil Code, article 2004). Say or write your name, your date of birth and the name of the organisation:"),
		facts(
			[2]string{"By telephone", "The organisation: " + o.Phone + "\nThe Mandat service: " + x.service.Phone},
			[2]string{"By letter", "The organisation: " + x.body + ", " + x.address + "\nThe Mandat service: " + x.service.Address},
			[2]string{"At the counter", "At the organisation: " + x.address},
		),
		paragraph("As soon as the end is recorded, nothing more can be done with this mandate. It also ceases when the organisation gives it up, on death, or if a protection measure is opened (article 2003), and for the procedures that you entrust to the same organisation by a newer mandate."),
	}
}

func (x subject) englishRights() []Block {
	code := Block{Kind: QR, Text: x.status, Alt: "QR code: public page that says whether this mandate is in force"}
	return []Block{
		heading(2, "Your rights over your data"),
		paragraph("Your data serve this mandate and the account of its use. You can ask to see them, to have them corrected, to limit their use, to object to it, or to have them erased when the law permits: " +
			x.service.Email + " or " + x.service.Address + ". If you disagree with the answer, you can turn to the CNIL, the French data protection authority (cnil.fr)."),
		heading(2, "Checking this mandate"),
		paragraph("This paper does not change when the mandate ends. To know whether it is in force, scan this code or type this address: the page says until when the mandate runs, or that it is not in force, and nothing else."),
		code,
		note("Document made on " + x.issued + ". The file bears the electronic seal of the Mandat service: a technical seal, which shows any alteration. The seal is not your signature, and does not replace it."),
	}
}
