package attestation

import (
	"slices"

	"mandat/internal/paper"
)

// ended is the certificate of end. It names the citizen by their name: after a death it is another's to read.
func (x subject) ended() []Block {
	return slices.Concat([]Block{
		heading(1, x.say("ended_title")),
		paragraph(x.say("ended_lead")),
		facts(append(x.parties(),
			x.row("ended_on", x.mark(paper.Isolated, x.long(x.endedAt))),
			x.row("why", x.say("why_"+x.reason)),
			x.row("who", x.say("who_"+x.reason)))...),
		heading(2, x.say("permitted_title")),
		list(x.permitted()...),
		heading(2, x.say("still_title")),
		list(x.say("still_sent"), x.say("still_account"), x.say("still_others"), x.say("still_tell")),
		x.contacts(),
	}, x.checkEnd(), []Block{x.seal()})
}

// permitted lists the powers, and tells of one that ended before the mandate did.
func (x subject) permitted() []string {
	var items []string
	for _, p := range x.powers {
		item := x.withBody(p)
		if !p.endedAt.IsZero() && !p.endedAt.Equal(x.endedAt) {
			item = x.say("power_is", "power", item, "what", x.say("ended_already", "end", x.long(p.endedAt)))
		}
		items = append(items, item)
	}
	return items
}

func (x subject) checkEnd() []Block {
	return []Block{
		heading(2, x.say("check_end_title")),
		{Kind: QR, Text: x.status, Alt: x.say("check_end_alt"), Items: []string{x.say("check_end_text")}},
	}
}

// report is an account of what was done, with what it says in between.
func (x subject) report(title string, body []Block) []Block {
	last := x.row("ends_on", x.mark(paper.Isolated, x.long(x.ends)))
	if end := x.endedAt; !end.IsZero() {
		last = x.row("ended_on", x.mark(paper.Isolated, x.long(end)))
	}
	return slices.Concat([]Block{heading(1, title), facts(append(x.parties(), last)...)}, body, x.checkEnd(), []Block{x.seal()})
}
