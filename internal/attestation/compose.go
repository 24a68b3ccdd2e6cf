package attestation

import (
	"slices"
	"strconv"
	"strings"

	"mandat/internal/paper"
	"mandat/internal/prose"
)

// given is the attestation. « Vous » in it is the citizen: it is their paper. What they may need one day comes first: what was agreed, how to end it, how to check it.
func (x subject) given() []Block {
	return slices.Concat(x.what(), x.end(), x.check(), x.proof())
}

// row is one row of a table: what it is about, then what there is to say.
func (x subject) row(key, value string) [2]string { return [2]string{x.say(key), value} }

func (x subject) parties() [][2]string {
	when := "signed_on"
	if x.signedWith == "code" {
		when = "confirmed_on"
	}
	return [][2]string{
		x.row("given_by", x.say("given_by_is", "name", x.citizen.FullName(), "birth", x.birth())),
		x.row("given_to", x.say("given_to_is", "organisation", x.organisation.Name, "address", x.address(), "siret", x.organisation.SIRET)),
		x.row(when, x.mark(paper.Isolated, x.long(x.signed))),
	}
}

func (x subject) what() []Block {
	return []Block{
		heading(1, x.say("given_title")),
		paragraph(x.say("given_lead")),
		facts(append(append(x.parties(), x.time()), x.before()...)...),
		heading(2, x.say("may_title")),
		list(x.granted()...),
		paragraph(sentences(append(x.consents(), x.say("law"))...)),
	}
}

// time is until when the mandate runs, and from when if that is not its signature.
func (x subject) time() [2]string {
	head, span := "ends_on", x.mark(paper.Isolated, x.long(x.ends))
	if x.begins.After(x.signed) {
		head, span = "runs", x.say("runs_is", "from", x.long(x.begins), "until", x.long(x.ends))
	}
	switch {
	case x.days == 1:
		span = x.say("chosen_day", "span", span)
	case x.days > 1:
		span = x.say("chosen_days", "span", span, "days", strconv.Itoa(x.days))
	}
	return x.row(head, span)
}

// before is the mandate of another organisation whose place this one takes.
func (x subject) before() [][2]string {
	if x.transfers == nil {
		return nil
	}
	return [][2]string{x.row("transfers", x.say("transfers_is", "organisation", x.transfers.Organisation, "day", prose.Date(x.lang, x.transfers.SignedAt)))}
}

// granted lists what each power permits, and what to beware of.
func (x subject) granted() []string {
	var items []string
	for _, p := range x.powers {
		item := x.withBody(p)
		if what := x.permits(p); what != nil {
			item = x.say("power_is", "power", item, "what", x.listed(what))
		}
		if w := x.warning(p.warning); w != "" {
			item = x.say("power_warned", "power", item, "warning", w)
		}
		items = append(items, item)
	}
	return items
}

// permits tells what a power permits beside its procedure.
func (x subject) permits(p granted) []string {
	var out []string
	if p.level != "" {
		out = append(out, allPhrases()[x.lang].Levels[p.level])
	}
	if p.ref != "" {
		out = append(out, x.say("case", "case", p.ref))
	}
	if !p.ends.IsZero() && p.ends.Before(x.ends) {
		out = append(out, x.say("until", "end", x.long(p.ends)))
	}
	return out
}

// consents says what was accepted apart, and what was not.
func (x subject) consents() []string {
	if !x.apart {
		return nil
	}
	switch pays, banks := !x.payments.IsZero(), !x.bankDetails.IsZero(); {
	case pays && banks:
		return []string{x.say("apart_both")}
	case pays:
		return []string{x.say("apart_payments"), x.say("refused_bank")}
	case banks:
		return []string{x.say("apart_bank"), x.say("refused_payments")}
	}
	return []string{x.say("refused_both")}
}

func (x subject) contacts() Block {
	return facts(
		x.row("organisation", x.say("organisation_is", "phone", prose.Together(x.organisation.Phone), "address", x.address())),
		x.row("service", x.say("service_is", "phone", prose.Together(x.service.Phone), "address", x.service.Address)),
	)
}

func (x subject) end() []Block {
	return []Block{heading(2, x.say("end_title")), paragraph(x.say("end_text")), x.contacts()}
}

func (x subject) check() []Block {
	code := Block{Kind: QR, Text: x.status, Alt: x.say("check_alt"), Items: []string{x.say("check_text")}}
	if x.word != "" {
		code.Word = x.say("check_word", "word", x.word)
	}
	return []Block{heading(2, x.say("check_title")), code}
}

func (x subject) proof() []Block {
	declared := x.say("declared_is")
	if x.apart {
		declared = sentences(declared, x.say("declared_more"))
	}
	return []Block{
		heading(2, x.say("proof_title")),
		small(
			x.row("identity", x.identity()),
			x.row("consent", x.consent()),
			x.row("declarations", x.say("declarations_is", "informed", x.short(x.informed), "protection", x.short(x.protection))),
			x.row("duties", x.say("duties_is")),
			x.row("checked", x.say("checked_is")),
			x.row("declared", declared),
			x.row("data", x.say("data_is", "organisation_mail", x.organisation.Email, "service_mail", x.service.Email)),
		),
		x.seal(),
	}
}

func (x subject) seal() Block { return note(x.say("seal", "at", x.short(x.now))) }

// sentences stand one after the other.
func sentences(all ...string) string { return strings.Join(all, " ") }
