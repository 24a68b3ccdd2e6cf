package e2e

import (
	"net/url"
	"testing"
)

// TestAccountOfUses: a mandate is found in the list, a use of it for one case is declared and told of, the account is handed over, and the mandate ends: a part, then the whole.
func TestAccountOfUses(t *testing.T) {
	t.Parallel()
	s := &storyteller{person: arrive(t, habits{lang: "fr", album: "account-of-uses"})}
	_, id := s.given("demo-karim", "caractères_spéciaux", url.Values{"days": {"1"}, "procedures": {tax, housing}, "case-" + tax: {"Avis 2025"}})
	s.mandate = "/mandats/" + id.String()
	s.signInAs("demo-karim")
	s.isListed()
	s.declares()
	s.tells()
	s.endsAPart()
	s.endsTheRest()
}

// isListed finds the mandate by a name without its accents, among those that end soon.
func (s *storyteller) isListed() {
	s.open("/mandats?onglet=soon")
	s.page("list.title")
	s.lookFor("ay-leglise")
	s.unfold("form[role=search] details")
	s.narrow("list")
	s.reaches()
	s.about("leave out what is not theirs")
	s.choice("#field-suivi", "moi")
	s.press("form[role=search] details button")
	s.narrow("list-filtered")
	s.press(`main a[href*="/mandats/export"]`)
	s.page("list.export_title")
	s.narrow("list-export")
	s.about("find nobody")
	s.open("/mandats?onglet=ended")
	s.lookFor("zzz")
	s.says("list.empty.ended")
	s.narrow("list-empty")
}

// declares declares a use for one case.
func (s *storyteller) declares() {
	s.about("declare a use")
	s.open(s.mandate + "/usages")
	s.page("uses.title")
	s.says("uses.empty")
	s.narrow("uses-none")
	s.press(`form[action$="/usages"] button`)
	s.refusal(422, "uses.title")
	s.narrow("uses-wrong")
	s.tick("#field-procedure")
	s.tick("#field-way")
	s.press(`form[action$="/usages"] button`)
	s.page("uses.use.title")
	s.saysWords("Avis 2025")
	s.narrow("use")
	s.reaches()
}

// tells gives the account of the use on the page, with a number that it must not hold at first, and hands the account of all over.
func (s *storyteller) tells() {
	s.about("tell too much")
	s.tick("#field-outcome")
	s.tick("#field-site")
	s.write("#field-note", "FR7630006000011234567890189")
	s.press(`form[action*="/usages/"] button`)
	s.refusal(422, "uses.use.title")
	s.says("uses.holds.iban")
	s.narrow("use-refused")
	s.about("tell what was done")
	s.write("#field-note", "Avis expliqué.")
	s.press(`form[action*="/usages/"] button`)
	s.says("uses.use.saved")
	s.narrow("use-closed")
	s.open(s.mandate + "/usages")
	s.narrow("uses")
	s.about("hand the account over")
	s.open(s.mandate + "/compte-rendu")
	s.page("uses.report.title")
	s.narrow("report")
	s.press(`form[action$="/compte-rendu"] button`)
	if !s.has("main .fr-alert--success") || s.has(`form[action$="/compte-rendu"]`) {
		s.fatalf("the account is not handed over")
	}
	s.narrow("report-handed-over")
}

func (s *storyteller) endsAPart() {
	s.about("end a part")
	s.open(s.mandate)
	s.narrow("mandate")
	s.press(`main a[href*="/fin?demarche="]`)
	s.page("ends.part.title")
	s.press("form .fr-btn--danger")
	s.refusal(422, "ends.part.title")
	s.narrow("end-part-wrong")
	s.tick("#field-reason")
	s.press("form .fr-btn--danger")
	s.says("ends.part.done_next")
	s.narrow("end-part-done")
}

func (s *storyteller) endsTheRest() {
	s.about("end the rest")
	s.open(s.mandate + "/fin")
	s.page("aidant.end.title")
	s.narrow("end")
	s.tick("input[name=reason][value=completed]")
	s.press("form .fr-btn--danger")
	s.page("aidant.end.done_title")
	s.narrow("end-done")
	s.press(`main a[href$="/attestation-de-fin"]`)
	s.page("aidant.paper.end.title")
	s.narrow("end-certificate")
	s.open(s.mandate)
	s.narrow("mandate-ended")
}
