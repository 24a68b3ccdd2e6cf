package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// TestPhone: a citizen proves who they are on their own phone, and the aidant's page says how far they are and goes on by itself.
func TestPhone(t *testing.T) {
	t.Parallel()
	for lang, aidant := range map[string]string{"fr": "demo-jeanne", "en": "demo-paul"} {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			s := &storyteller{person: arrive(t, habits{lang: lang, album: "phone"}), tale: tale{aidant: aidant, looks: true}}
			s.signInAs(aidant)
			s.open("/mandats/nouveau")
			s.fill()
			address := s.link()
			citizen := arrive(t, habits{lang: lang, album: "phone-citizen"})
			s.tellsOfPhone(citizen, address)
			s.declinesLink(citizen)
		})
	}
}

// link makes a link on the page of a draft's identity, and returns its address as the page shows it.
func (s *storyteller) link() string {
	s.about("make a link for the citizen's phone")
	draft, _, _ := strings.Cut(strings.TrimPrefix(s.path(), "/brouillons/"), "/")
	s.leads(func() {
		ask[bool](s.person, `(action => { const f = document.createElement('form'); f.method = 'post'; f.action = action; document.body.append(f); f.submit(); return true; })(%q)`,
			"/brouillons/"+draft+"/identite/telephone")
	})
	s.page("franceconnect.waiting.title")
	here, err := url.Parse(s.Config.BaseURL)
	if err != nil {
		s.fatalf("%v", err)
	}
	return here.Scheme + "://" + s.read(".fr-compare__address")
}

// tellsOfPhone follows the phone from the aidant's page, which nobody touches.
func (s *storyteller) tellsOfPhone(citizen *person, address string) {
	s.says("franceconnect.waiting.made")
	s.look("link")
	s.reaches()
	citizen.about("open the link")
	citizen.open(address)
	citizen.page("franceconnect.phone.title")
	if got := citizen.read(".fr-compare__number"); got != s.read(".fr-compare__number") {
		citizen.fatalf("the phone shows the number %s", got)
	}
	citizen.look("link")
	citizen.reaches()
	s.saysSoon("franceconnect.waiting.opened")
	citizen.press(".fr-connect")
	s.saysSoon("franceconnect.waiting.left")
	citizen.press("button" + quoted("value", "test"))
	citizen.press("button[name=continue]")
	citizen.page("franceconnect.end.done")
	citizen.look("done")
	s.until("the page goes on to the recap", func() bool {
		_, complete := s.state()
		return complete && strings.HasSuffix(s.path(), "/recapitulatif")
	})
}

// saysSoon waits for the module to say something.
func (s *storyteller) saysSoon(key string) {
	s.t.Helper()
	s.until("the page says "+key, func() bool { return s.read("#state") == s.text(key) })
}

// declinesLink has the citizen say that a second link is not theirs.
func (s *storyteller) declinesLink(citizen *person) {
	address := s.link()
	citizen.about("decline a link")
	citizen.open(address)
	citizen.press("button[name=act]")
	citizen.page("franceconnect.end.declined")
	citizen.look("declined")
	s.until("the page says that it was declined", func() bool { return s.has("main .fr-alert--warning") })
	s.says("franceconnect.refused.other_number.title")
	s.look("refused")
	citizen.open(address)
	citizen.refusal(410, "franceconnect.over.title")
	citizen.look("over")
}
