package attestation

import (
	"slices"
	"strings"

	"mandat/internal/procedure"
	"mandat/internal/prose"
)

// english is the documents in English, block for block as in French.
type english struct{ subject }

func (x english) given() []Block {
	return slices.Concat(x.what(), x.end(), x.check(), x.proof())
}

func (x english) parties() [][2]string {
	return [][2]string{
		{"Given by", x.citizen.FullName() + ", date of birth: " + x.citizen.BirthdateText("en")},
		{"Given to", x.organisation.Name + "\n" + x.address() + ", SIRET " + x.organisation.SIRET},
		{map[bool]string{true: "Confirmed by code on", false: "Signed on"}[x.signedWith == "code"], x.long(x.signed)},
	}
}

func (x english) what() []Block {
	return []Block{
		heading(1, "Attestation of mandate"),
		paragraph("This paper is yours: keep it. “You” means who gives the mandate, “the organisation” who receives it."),
		facts(append(append(x.parties(), x.time()), x.before()...)...),
		heading(2, "What the organisation may do for you online, and nothing else"),
		x.warned(x.listed(": ", x.says)),
		paragraph(x.consents() + "This is a mandate (French Civil Code, article 1984): the organisation acts for you and in your name, through its accredited helpers (“aidants”). It ends by itself on the date given, and is never prolonged without you."),
	}
}

func (x english) time() [2]string {
	chosen := ""
	if x.days > 0 {
		chosen = " (duration chosen: " + days("en", x.days) + ")"
	}
	if x.begins.After(x.signed) {
		return [2]string{"It runs", "from " + x.long(x.begins) + " to " + x.long(x.ends) + chosen}
	}
	return [2]string{"Ends on", x.long(x.ends) + chosen}
}

func (x english) before() [][2]string {
	if x.transfers == nil {
		return nil
	}
	return [][2]string{{"Ends the", "mandate given to " + x.transfers.Organisation + " on " + prose.Date("en", x.transfers.SignedAt)}}
}

func (x english) says(p granted) []string {
	var out []string
	if p.level != "" {
		out = append(out, map[procedure.Level]string{procedure.See: "look", procedure.Act: "fill in, send", procedure.Sign: "fill in, send, sign", procedure.Pay: "fill in, send, sign, pay"}[p.level])
	}
	if p.ref != "" {
		out = append(out, "for file "+p.ref+" only")
	}
	if !p.ends.IsZero() && p.ends.Before(x.ends) {
		out = append(out, "until "+x.long(p.ends))
	}
	return out
}

func (x english) consents() string {
	if !x.apart {
		return ""
	}
	var yes, no []string
	for _, c := range []struct {
		what  string
		given bool
	}{{"payments in your name", !x.payments.IsZero()}, {"changes of your bank details", !x.bankDetails.IsZero()}} {
		if c.given {
			yes = append(yes, c.what)
		} else {
			no = append(no, c.what)
		}
	}
	var out []string
	if yes != nil {
		out = append(out, "Agreed by you apart: "+strings.Join(yes, " and ")+".")
	}
	if no != nil {
		out = append(out, "Not agreed: "+strings.Join(no, ", ")+".")
	}
	return strings.Join(append(out, ""), " ")
}

func (x english) contacts() Block {
	return facts(
		[2]string{"The organisation", prose.Together(x.organisation.Phone) + ", or at its address: " + x.address()},
		[2]string{"Mandat service", prose.Together(x.service.Phone) + ", or by letter: " + x.service.Address},
	)
}

func (x english) end() []Block {
	return []Block{
		heading(2, "Ending the mandate"),
		paragraph("Whenever you want, without giving a reason (article 2004): at the counter, by telephone or by letter, with your name, your date of birth and the name of the organisation. As soon as the end is recorded, nothing more can be done with this mandate. It also ends if the organisation gives it up, on your death, or if a protection measure is opened (article 2003). A procedure entrusted to it again passes to the new mandate."),
		x.contacts(),
	}
}

func (x english) check() []Block {
	return []Block{
		heading(2, "Checking this mandate"),
		{Kind: QR, Text: x.status, Alt: "QR code: public page that says whether this mandate is in force", Word: x.control("Control word: "), Items: []string{
			"Scan this code with a telephone, or type this address: the page says whether the mandate is in force. With the control word, or the PDF file, it also says which procedures and until when. Give this word only to who has to check the mandate."}},
	}
}

func (x english) proof() []Block {
	declared := "FranceConnect does not tell which site is opened: the procedure entered is the one that the aidant declares."
	if x.apart {
		declared += " What they do there is not checked either."
	}
	return []Block{
		heading(2, "Good to know"),
		small(
			[2]string{"Your identity", x.identity()},
			[2]string{"Your agreement", x.consent()},
			[2]string{"Your declarations", "Information read by you or with you, on " + x.short(x.informed) + ". No protection measure (Civil Code, articles 425 and following), on " + x.short(x.protection) + ": the Mandat service cannot verify it."},
			[2]string{"The organisation", "It keeps to the list, sees the procedures through, answers for its faults and accounts to you when you ask (articles 1989 and 1991 to 1993). Its aidants keep professional secrecy, and must neither ask for nor keep your passwords."},
			[2]string{"Checked", "Without a mandate in force for the procedure chosen, no connection is made in your name. Every use is entered, without your name, in a journal that shows any alteration."},
			[2]string{"Declared", declared},
			[2]string{"Your data", "They serve this mandate and the account of it. The rule is to keep them as evidence for six years after it ends, then to erase them. To see, correct or erase them, limit their use or object to it: the organisation (" +
				x.organisation.Email + ") or the Mandat service (" + x.service.Email + "). If you disagree: the CNIL (cnil.fr)."},
		),
		x.seal(),
	}
}

func (x english) seal() Block {
	return note("Document made on " + x.short(x.now) + ". Times are those of Paris. The PDF bears the electronic seal of the Mandat service, which shows any alteration. This seal is not your signature. If they differ, the French document counts.")
}

func (x english) identity() string {
	return map[string]string{"": "Verified by FranceConnect, on ", "franceconnect": "Verified by FranceConnect, on ", "witnessed": "Identity document seen by the aidant and by a second colleague, on ",
		"known": "Verified before by the organisation, which recognised you on "}[x.identifiedBy] + x.short(x.identified) + "."
}

func (x english) consent() string {
	text := map[string]string{"": "Given by you on the summary", "franceconnect": "Given by you on the summary, with FranceConnect", "colleague": "Given by you on the summary, before the aidant and a second colleague",
		"sms": "Given by you, by text message"}[x.consentBy] + ", on " + x.short(x.signed) + ". For the organisation, the mandate is " +
		map[string]string{"": "accepted by the aidant who was there.", "passkey": "signed by the aidant, with their passkey.", "code": "confirmed by code by the aidant."}[x.signedWith]
	text += map[string]string{"aloud": " The summary was read to you.", "cannot_sign": " You said your agreement aloud."}[x.reading]
	if x.drawn {
		text += " You drew your signature (a simple electronic signature)."
	}
	var present []string
	for _, p := range x.present {
		who := map[string]string{"interpreter": "an interpreter", "relative": "a relative", "colleague": "a colleague of the aidant"}[p.Role]
		if who == "" {
			who = "another person"
		}
		if p.Name != "" {
			who += " (" + p.Name + ")"
		}
		present = append(present, who)
	}
	if present != nil {
		text += " Also in the room: " + strings.Join(present, ", ") + "."
	}
	return text
}
