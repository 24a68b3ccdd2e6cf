package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/twin"
	"mandat/internal/walk"
)

// TestTransfer: who has the paper of a mandate given elsewhere is proposed what it says, and reads on the recap that it ends.
func TestTransfer(t *testing.T) {
	t.Parallel()
	const citizen = "étranger_présumé_né_jour"
	s := &storyteller{person: arrive(t, habits{lang: "fr", album: "transfer"})}
	before, id := s.given("demo-jeanne", citizen, url.Values{"days": {"31"}, "procedures": {tax, housing}})
	address, word := s.onPaper(before, id)
	s.signInAs("demo-paul")
	s.open("/mandats/nouveau")
	s.press(`main a[href$="/mandats/transfert"]`)
	s.page("transfer.title")
	s.narrow("paper")
	s.reaches()
	s.about("send nothing")
	s.press("main form button")
	s.refusal(422, "transfer.title")
	s.says("transfer.missing.word")
	s.narrow("missing")
	s.shows(address, "lune-lune-lune-lune")
	s.refusal(422, "transfer.title")
	s.says("transfer.why.wrong")
	s.narrow("wrong")
	s.shows(address, word)
	s.page("aidant.terms.title")
	s.says("transfer.box.title")
	if !s.has("#procedure-"+tax+":checked") || !s.has("#procedure-"+housing+":checked") {
		s.fatalf("what the paper says is not proposed")
	}
	s.narrow("proposed")
	s.tick("#field-informed")
	s.tick("#field-no_protection")
	s.press("main form .fr-btn--lg")
	s.identifyAs(citizen)
	s.page("aidant.recap.title")
	s.saysWords("prend fin quand celui-ci commence")
	s.narrow("recap")
	s.agree()
	s.press(`form[action$="/signature"] button[type=submit]`)
	s.says("ends.confirmed")
	s.about("wait for the end of the old mandate, which is an act of its own")
	s.until("end", func() bool { return row[bool](s.person, `select state = 'ended' from mandate where id = $1`, id) })
	s.about("show the paper once more")
	s.open("/mandats/transfert")
	s.shows(address, word)
	s.says("transfer.why.wrong")
}

// shows types what a paper says.
func (s *storyteller) shows(address, word string) {
	s.t.Helper()
	s.about("type " + word)
	s.write("#field-address", address)
	s.write("#field-word", word)
	s.press("main form button")
}

// given draws up and signs a mandate as somebody at a window that nobody looks at.
func (p *person) given(aidant, citizen string, terms url.Values) (*walk.Walker, uuid.UUID) {
	p.t.Helper()
	p.about("draw up a mandate for " + citizen)
	w := walk.New(p.Config.BaseURL, p.Twin.Service)
	if err := w.SignIn(aidant); err != nil {
		p.fatalf("%v", err)
	}
	draft, err := w.Draw(terms)
	if err == nil {
		err = w.Identify(draft, citizen)
	}
	if err != nil {
		p.fatalf("%v", err)
	}
	id, err := w.Sign()
	if err != nil {
		p.fatalf("%v", err)
	}
	return w, id
}

// born has FranceConnect know somebody whom no other story meets, and returns their login.
func (p *person) born(given, family string) string {
	p.t.Helper()
	login := strings.ToLower(family)
	p.must(p.Twin.PutCitizen(p.t.Context(), twin.Citizen{Login: login, GivenName: given, FamilyName: family, Gender: "female", Birthdate: "1956-04-11", Birthplace: "35238", BirthCountry: "99100",
		Email: login + "@exemple.invalid"}))
	return login
}

// onPaper reads the address and the control word on an attestation.
func (p *person) onPaper(w *walk.Walker, id uuid.UUID) (address, word string) {
	p.t.Helper()
	if err := w.Get(w.Page(id, "attestation")); err != nil {
		p.fatalf("%v", err)
	}
	address = regexp.MustCompile(regexp.QuoteMeta(p.Config.BaseURL) + `/v/[\w-]+`).FindString(w.Text())
	word = regexp.MustCompile(`\b\pL+(-\pL+){3}\b`).FindString(w.Text())
	if address == "" || word == "" {
		p.fatalf("the paper says %s", w.Text())
	}
	return address, word
}
