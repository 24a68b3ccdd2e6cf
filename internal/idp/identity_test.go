package idp_test

import (
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mandat/internal/citizen"
	"mandat/internal/fixture"
)

var (
	inseePlace   = regexp.MustCompile(`^(\d{2}|2A|2B)\d{3}$`)
	inseeCountry = regexp.MustCompile(`^99\d{3}$`)
)

// faults is what FranceConnect would refuse of an identity.
func faults(told map[string]any) []string {
	text := func(claim string) string { s, _ := told[claim].(string); return s }
	var out []string
	for claim, holds := range map[string]bool{
		"sub":          text("sub") != "" && !strings.ContainsFunc(text("sub"), func(r rune) bool { return r > 126 }),
		"given_name":   utf8.RuneCountInString(text("given_name")) > 0 && utf8.RuneCountInString(text("given_name")) <= 256,
		"family_name":  utf8.RuneCountInString(text("family_name")) > 0 && utf8.RuneCountInString(text("family_name")) <= 256,
		"birthdate":    isBirthdate(text("birthdate")),
		"gender":       text("gender") == "male" || text("gender") == "female" || text("gender") == "unspecified",
		"birthcountry": inseeCountry.MatchString(text("birthcountry")),
		"birthplace":   told["birthplace"] == "" && text("birthcountry") != "99100" || inseePlace.MatchString(text("birthplace")) && text("birthcountry") == "99100",
	} {
		if !holds {
			out = append(out, claim)
		}
	}
	if _, err := mail.ParseAddress(text("email")); err != nil {
		out = append(out, "email")
	}
	if usage, sent := told["preferred_username"]; sent && (usage == nil || usage == "") {
		out = append(out, "preferred_username")
	}
	return out
}

func isBirthdate(s string) bool {
	if len(s) != 10 {
		return false
	}
	switch {
	case strings.HasSuffix(s, "-00-00"):
		s = s[:4] + "-01-01"
	case strings.HasSuffix(s, "-00"):
		s = s[:8] + "01"
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// What leaves is an identity that FranceConnect takes, for each kind of person that its published test identities stand for.
func TestUserInfo_IsAnIdentityForFranceConnect(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, s.Jeanne)
	for name, c := range map[string]struct {
		change func(i *citizen.Identity)
		want   map[string]any
	}{
		"Paris":                 {func(*citizen.Identity) {}, map[string]any{"birthplace": "75107", "birthcountry": "99100", "birthdate": "1962-08-24", "preferred_username": nil}},
		"Algeria":               {func(i *citizen.Identity) { i.Birthplace, i.Birthcountry = "", "99352" }, map[string]any{"birthplace": "", "birthcountry": "99352"}},
		"Portugal, with a town": {func(i *citizen.Identity) { i.Birthplace, i.Birthcountry = "13001", "99139" }, map[string]any{"birthplace": "", "birthcountry": "99139"}},
		"Corsica":               {func(i *citizen.Identity) { i.Birthplace = "2A115" }, map[string]any{"birthplace": "2A115"}},
		"Upper Corsica":         {func(i *citizen.Identity) { i.Birthplace = "2B033" }, map[string]any{"birthplace": "2B033"}},
		"Réunion":               {func(i *citizen.Identity) { i.Birthplace = "97411" }, map[string]any{"birthplace": "97411"}},
		"New Caledonia":         {func(i *citizen.Identity) { i.Birthplace = "98818" }, map[string]any{"birthplace": "98818"}},
		"an old commune":        {func(i *citizen.Identity) { i.Birthplace = "75012" }, map[string]any{"birthplace": "75012"}},
		"presumed day":          {func(i *citizen.Identity) { i.Birthdate = "1964-07-00" }, map[string]any{"birthdate": "1964-07-00"}},
		"presumed day, month":   {func(i *citizen.Identity) { i.Birthdate = "1964-00-00" }, map[string]any{"birthdate": "1964-00-00"}},
		"leap day":              {func(i *citizen.Identity) { i.Birthdate = "1964-02-29" }, map[string]any{"birthdate": "1964-02-29"}},
		"usage name":            {func(i *citizen.Identity) { i.PreferredUsername = "MARTIN" }, map[string]any{"preferred_username": "MARTIN", "family_name": "DUBOIS"}},
		"diacritics":            {func(i *citizen.Identity) { i.GivenName, i.FamilyName = "Zoë Maël", "D’ÂÇÉÈŒ-Ÿ" }, map[string]any{"given_name": "Zoë Maël", "family_name": "D’ÂÇÉÈŒ-Ÿ"}},
		"256 letters":           {func(i *citizen.Identity) { i.FamilyName = strings.Repeat("É", 256) }, map[string]any{"family_name": strings.Repeat("É", 256)}},
		"unspecified":           {func(i *citizen.Identity) { i.Gender = "unspecified" }, map[string]any{"gender": "unspecified"}},
	} {
		who := fixture.Angela()
		who.Sub = "published-" + name
		c.change(&who)
		m := s.Sign(t, s.Jeanne, who, fixture.Tax)
		access := s.token(t, v.code(m, fixture.Tax, "client_id", plain), "client_id", plain, "client_secret", secret+plain)["access_token"]
		a := s.userinfo(t, access)
		told := a.json(t)
		if wrong := faults(told); a.StatusCode != http.StatusOK || wrong != nil {
			t.Errorf("%s: FranceConnect refuses %v of %s", name, wrong, a.body)
		}
		for claim, want := range c.want {
			if told[claim] != want {
				t.Errorf("%s: %s is %v, want %v", name, claim, told[claim], want)
			}
		}
	}
}

// Without an address FranceConnect refuses the identity after all the steps: it is refused at the first one, and the page says why. A
// service that talks to us itself does without, whether it may see addresses or not.
func TestChooseCitizen_WithoutAnAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, service("franceconnect"))
	who := fixture.Angela()
	who.Email = ""
	v, m := s.mandate(t, who)
	for name, path := range map[string]string{"FranceConnect": v.begin(), "service": v.ask("service-franceconnect", "scope", "openid profile email")} {
		found := v.post(path+"/usager", map[string][]string{"recherche": {"dubois"}})
		for range 2 { // a choice that is repeated moves nothing, and is asked the same
			a := v.post(path+"/usager", map[string][]string{"usager": {m.Citizen.String()}})
			if can := a.at().Path == path+"/demarche"; can != (name == "service") || can == strings.Contains(found.body, "demande une adresse électronique") {
				t.Errorf("%s: %d %s", name, a.StatusCode, found.body)
			}
		}
	}
}
