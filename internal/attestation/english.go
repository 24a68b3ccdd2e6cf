package attestation

import (
	"slices"

	"mandat/internal/prose"
)

// english is the document in English, block for block as in French.
func (x subject) english() []Block {
	return slices.Concat(x.englishPowers(), x.englishEnd(), x.englishCheck(), x.englishDuties(), x.englishProof(), x.englishRights())
}

func (x subject) englishPowers() []Block {
	return []Block{
		heading(1, "Attestation of mandate"),
		paragraph("This document says what a support organisation may do in your place, and until when. It is yours: keep it. “You” are the person who gives the mandate, “the organisation” is the one that receives it."),
		heading(2, "The mandate"),
		facts(
			[2]string{"Given by", x.name + "\nDate of birth: " + x.birth},
			[2]string{"Given to", x.body + "\n" + x.address + "\nSIRET: " + x.terms.Organisation.SIRET},
			[2]string{"Signed on", x.signed},
			[2]string{"Ends on", x.ends + "\nDuration chosen: " + x.days},
		),
		paragraph("The organisation may carry out these online procedures for you, and no others:"),
		list(x.procedures...),
		paragraph("This is a mandate under article 1984 of the French Civil Code: the organisation acts for you and in your name, through its accredited aidants (the professionals who help you). It ends by itself on the date given, and is never prolonged without you."),
	}
}

func (x subject) englishEnd() []Block {
	o := x.terms.Organisation
	return []Block{
		heading(2, "Ending the mandate"),
		paragraph("You can do so whenever you want, without giving a reason (Civil Code, article 2004). Give your name, your date of birth and the name of the organisation:"),
		facts(
			[2]string{"By telephone", "The organisation: " + prose.Together(o.Phone) + "\nThe Mandat service: " + prose.Together(x.service.Phone)},
			[2]string{"By letter", "The organisation: " + x.body + ", " + x.address + "\nThe Mandat service: " + x.service.Address},
			[2]string{"At the counter", "The organisation: " + x.address},
		),
		paragraph("As soon as the end is recorded, nothing more can be done with this mandate. It also ends if the organisation gives it up, on your death, or if a protection measure is opened (article 2003). A procedure that you entrust to the same organisation again passes to the new mandate."),
	}
}

func (x subject) englishCheck() []Block {
	return []Block{
		heading(2, "Checking this mandate"),
		paragraph("This paper does not change when the mandate ends. Scan this code with a telephone, or type this address: the page says until when the mandate runs, or that it is not in force, and nothing else."),
		{Kind: QR, Text: x.status, Alt: "QR code: public page that says whether this mandate is in force"},
	}
}

func (x subject) englishDuties() []Block {
	return []Block{
		heading(2, "What the organisation must and may not do"),
		list(
			"It keeps to the procedures in the list (Civil Code, article 1989).",
			"It sees the procedures through, and answers for its faults (articles 1991 and 1992).",
			"It accounts to you for what it has done (article 1993). You can ask at any time.",
			"It uses only the information that the procedure needs, and keeps no other.",
			"Its aidants keep professional secrecy. They must neither ask for nor keep your passwords.",
		),
		heading(2, "What is checked, what is declared"),
		list(
			"Checked: without a mandate in force for the procedure chosen, no connection is made in your name.",
			"Checked: every use is entered, without your name, in a journal that shows any alteration.",
			"Declared: FranceConnect does not tell the Mandat service which site is opened. The procedure entered in the journal is the one that the aidant declares.",
			"Declared: that there is no protection measure. The Mandat service cannot verify it.",
		),
	}
}

func (x subject) englishProof() []Block {
	return []Block{
		heading(2, "How the mandate was given and accepted"),
		facts(
			[2]string{"Information", "Read by you or with you, on " + x.informed},
			[2]string{"Protection measure", "You declared that you are under none (Civil Code, articles 425 and following), on " + x.protection},
			[2]string{"Identity", "Verified by FranceConnect, on " + x.identified},
			[2]string{"Agreement", "Given by you on the summary, accepted for the organisation by the aidant who was there, on " + x.agreed},
		),
	}
}

func (x subject) englishRights() []Block {
	return []Block{
		heading(2, "Your rights over your data"),
		paragraph("Your data serve this mandate and the account of its use. The rule is to keep them as evidence for six years after the mandate ends, then to erase them. You can ask to see them, to have them corrected, to limit their use, to object to it, or to have them erased when the law permits. Turn to the organisation (" +
			x.terms.Organisation.Email + ") or to the Mandat service (" + x.service.Email + "). If you disagree with the answer, you can turn to the CNIL (cnil.fr), the data protection authority."),
		note("Document made on " + x.issued + ". Times are those of Paris. The PDF file bears the electronic seal of the Mandat service, which shows any alteration; it is not your signature and does not replace it. If this document and the French one could be read differently, the French one counts."),
	}
}
