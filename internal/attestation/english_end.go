package attestation

import "slices"

func (x english) ended() []Block {
	return slices.Concat([]Block{
		heading(1, "Certificate of end of mandate"),
		paragraph("The mandate described here has ended. Nothing more can be done with it: any connection in the person’s name by this mandate is refused since that end."),
		facts(append(x.parties(),
			[2]string{"Ended on", x.long(x.endedAt)},
			[2]string{"Why", englishWhy[x.reason]},
			[2]string{"By whom", englishWho[x.reason]})...),
		heading(2, "What this mandate permitted, and permits no more"),
		x.listed(": ", x.saysEnded),
		heading(2, "What there is still to know"),
		list(
			"A procedure already sent takes its course: the public body that received it answers for what follows.",
			"The organisation accounts for what it did to the person, or to their heirs, who ask for it (Civil Code, article 1993).",
			"The end of this mandate cancels no other. A new mandate needs a new agreement of the person.",
			"If something was done in the person’s name after that end, tell the organisation or the Mandat service:",
		),
		x.contacts(),
	}, x.checkEnd(), []Block{x.seal()})
}

func (x english) saysEnded(p granted) []string {
	if p.endedAt.IsZero() || p.endedAt.Equal(x.endedAt) {
		return nil
	}
	return []string{"ended already on " + x.long(p.endedAt)}
}

func (x english) checkEnd() []Block {
	return []Block{
		heading(2, "Checking"),
		{Kind: QR, Text: x.status, Alt: "QR code: public page that says whether the mandate is in force", Items: []string{"Scan this code with a telephone, or type this address: the page says whether the mandate is in force."}},
	}
}

func (x english) report(title string, body []Block) []Block {
	last := [2]string{"Ends on", x.long(x.ends)}
	if end := x.endedAt; !end.IsZero() {
		last = [2]string{"Ended on", x.long(end)}
	}
	return slices.Concat([]Block{heading(1, title), facts(append(x.parties(), last)...)}, body, x.checkEnd(), []Block{x.seal()})
}

var englishWhy = map[string]string{
	"citizen":      "The person asked for it.",
	"organisation": "The organisation gave it up.",
	"completed":    "The procedures are done.",
	"mistake":      "It had been signed by mistake.",
	"death":        "The person has died (Civil Code, article 2003).",
	"protection":   "A protection measure for the person is open (Civil Code, article 2003).",
	"superseded":   "A more recent mandate replaces it.",
	"expired":      "The date foreseen has come.",
	"transferred":  "It passed to another organisation, with the person’s agreement.",
}

var englishWho = map[string]string{
	"citizen":      "The person who had given it; the organisation recorded it.",
	"organisation": "The organisation that had received it.",
	"completed":    "The organisation that had received it.",
	"mistake":      "The organisation that had received it.",
	"death":        "Nobody: it ends by itself; the organisation recorded it.",
	"protection":   "Nobody: it ends by itself; the organisation recorded it.",
	"superseded":   "The person, by giving a new mandate to the same organisation.",
	"expired":      "Nobody: it ends by itself on the date foreseen.",
	"transferred":  "The person, by giving a new mandate to another organisation.",
}
