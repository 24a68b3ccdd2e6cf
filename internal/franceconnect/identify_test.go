package franceconnect_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/session"
)

func TestIdentify_Sound(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.identify(t)
	if c.browser.URL().Path != "/brouillons/"+c.draft.String()+"/recapitulatif" || c.browser.URL().RawQuery != "" {
		t.Fatalf("at %v: %s", c.browser.URL(), c.browser.Text())
	}
	want := citizen.Identity{Sub: subject, GivenName: "Angela Claire Louise", FamilyName: "DUBOIS", Birthdate: "1962-08-24", Gender: "female",
		Birthplace: "75107", Birthcountry: "99100", Email: "angela@exemple.invalid"}
	if diff := cmp.Diff(&want, c.state(t).Identity); diff != "" {
		t.Error(diff)
	}
	asked := c.fc.Asked()
	names := slices.Sorted(maps.Keys(asked))
	if diff := cmp.Diff([]string{"acr_values", "client_id", "nonce", "prompt", "redirect_uri", "response_type", "scope", "state"}, names); diff != "" {
		t.Error(diff)
	}
	if asked.Get("acr_values") != "eidas1" || asked.Get("prompt") != "login" || len(asked.Get("state")) != 64 || len(asked.Get("nonce")) != 64 ||
		asked.Get("scope") != "openid identite_pivot preferred_username email idp_birthdate" {
		t.Errorf("asked %v", asked)
	}
	left := c.fc.Left()
	if strings.Count(left.Get("id_token_hint"), ".") != 2 || len(left.Get("state")) != 64 || left.Get("post_logout_redirect_uri") != c.URL+"/connexion/franceconnect/fin" {
		t.Error("FranceConnect's session was not ended")
	}
}

// What FranceConnect may leave out or presume comes through as it is.
func TestIdentify_KeepsWhatIsTold(t *testing.T) {
	t.Parallel()
	c := open(t)
	for name, test := range map[string]struct {
		told map[string]any
		want func(*citizen.Identity)
	}{
		"no e-mail":       {map[string]any{"email": nil}, func(i *citizen.Identity) { i.Email = "" }},
		"usage name":      {map[string]any{"preferred_username": "MARTIN"}, func(i *citizen.Identity) { i.PreferredUsername = "MARTIN" }},
		"born abroad":     {map[string]any{"birthplace": "", "birthcountry": "99352"}, func(i *citizen.Identity) { i.Birthplace, i.Birthcountry = "", "99352" }},
		"born in Ajaccio": {map[string]any{"birthplace": "2A004"}, func(i *citizen.Identity) { i.Birthplace = "2A004" }},
		"presumed day":    {map[string]any{"birthdate": "1964-07-01", "idp_birthdate": "1964-07-00"}, func(i *citizen.Identity) { i.Birthdate = "1964-07-00" }},
		"presumed both":   {map[string]any{"birthdate": "1959-01-01", "idp_birthdate": "1959-00-00"}, func(i *citizen.Identity) { i.Birthdate = "1959-00-00" }},
		"another date":    {map[string]any{"birthdate": "1964-07-01", "idp_birthdate": "1950-03-00"}, func(i *citizen.Identity) { i.Birthdate = "1964-07-01" }},
		"not presumed":    {map[string]any{"birthdate": "1964-07-01", "idp_birthdate": "1964-07-01"}, func(i *citizen.Identity) { i.Birthdate = "1964-07-01" }},
		"without it":      {map[string]any{"birthdate": "1964-07-01", "idp_birthdate": nil}, func(i *citizen.Identity) { i.Birthdate = "1964-07-01" }},
		"long name":       {map[string]any{"family_name": strings.Repeat("É", 60) + "-D’Î"}, func(i *citizen.Identity) { i.FamilyName = strings.Repeat("É", 60) + "-D’Î" }},
	} {
		t.Run(name, func(t *testing.T) {
			plan := sound()
			plan.Userinfo = func(claims map[string]any) {
				for k, v := range test.told {
					if claims[k] = v; v == nil {
						delete(claims, k)
					}
				}
			}
			c.fc.Play(plan)
			c.identify(t)
			want := citizen.Identity{Sub: subject, GivenName: "Angela Claire Louise", FamilyName: "DUBOIS", Birthdate: "1962-08-24", Gender: "female",
				Birthplace: "75107", Birthcountry: "99100", Email: "angela@exemple.invalid"}
			test.want(&want)
			if diff := cmp.Diff(&want, c.state(t).Identity); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func (c *counter) expect(t *testing.T, b *browse.Browser, name string) {
	t.Helper()
	title, err := c.Pages.Text("fr", "login.problem."+name+".title")
	if err != nil {
		t.Fatal(err)
	}
	if b.H1() != title || b.Status() != http.StatusBadRequest {
		t.Errorf("%d %q, want the page %q", b.Status(), b.H1(), title)
	}
	if d := c.state(t); d.State != draft.Open {
		t.Errorf("the draft is %s", d.State)
	}
	if n := c.fc.Count("/token"); n != 0 {
		t.Errorf("%d codes were exchanged", n)
	}
}

// The citizen's act counts only in the browser, in the session and for the draft where it began: a link sent to them
// identifies nobody.
func TestCallback_RefusesAnotherBrowser(t *testing.T) {
	t.Parallel()
	c := open(t)
	answer := c.leave(t)
	stranger := browse.New()
	get(t, stranger, answer)
	c.expect(t, stranger, "state_other_browser")
	get(t, c.browser, answer) // spoilt
	c.expect(t, c.browser, "state_used")

	answer = c.leave(t)
	c.Person(t, c.pc.Issuer, "Colleague-sub", c.Here, "aidant")
	colleague := c.signIn(t, "Colleague-sub", "21750001600019")
	get(t, colleague, answer)
	c.expect(t, colleague, "state_other_browser")

	answer = c.leave(t)
	same := c.signIn(t, "Jeanne-sub", "21750001600019") // the same person, at another screen
	get(t, same, answer)
	c.expect(t, same, "state_other_browser")
}

func TestCallback_RefusesAfterSignOut(t *testing.T) {
	t.Parallel()
	c := open(t)
	answer := c.leave(t)
	get(t, c.browser, c.URL+"/espace")
	if err := c.browser.Press("quitter", nil); err != nil {
		t.Fatal(err)
	}
	get(t, c.browser, answer)
	c.expect(t, c.browser, "state_used") // the attempt went with the session
}

func TestCallback_RefusesAfterTenMinutes(t *testing.T) {
	t.Parallel()
	c := open(t)
	answer := c.leave(t)
	c.Clock.Advance(session.AttemptLife + time.Second)
	get(t, c.browser, answer)
	c.expect(t, c.browser, "state_late")
}

// Each answer serves the draft it was asked for, whichever draft is looked at when it comes.
func TestCallback_ServesItsOwnDraft(t *testing.T) {
	t.Parallel()
	c := open(t)
	first := c.draft
	answer := c.leave(t)
	c.draft = c.Draft(t, c.jeanne, c.Here)
	get(t, c.browser, c.page())
	get(t, c.browser, answer)
	if d := c.state(t); d.State != draft.Open {
		t.Errorf("the second draft is %s", d.State)
	}
	c.draft = first
	if d := c.state(t); d.State != draft.Identified {
		t.Errorf("the first draft is %s", d.State)
	}
}

// A state of the sign-in is none of an identification, and the other way round.
func TestCallback_RefusesAnotherKindOfState(t *testing.T) {
	t.Parallel()
	c := open(t)
	answer := c.leave(t)
	get(t, c.browser, strings.Replace(answer, "/franceconnect/", "/proconnect/", 1))
	if c.browser.Status() != http.StatusBadRequest {
		t.Errorf("status %d", c.browser.Status())
	}
	get(t, c.browser, strings.Replace(answer, "/retour", "/fin", 1))
	c.expect(t, c.browser, "state_used")
	get(t, c.browser, answer)
	if c.browser.H1() != "recapitulatif" {
		t.Error("the answer was used up elsewhere")
	}
}

func TestCallback_OnceWhateverHappens(t *testing.T) {
	t.Parallel()
	c := open(t)
	answer := c.leave(t)
	status := c.AtOnce(t, c.browser, answer, 12)
	if status[0] != http.StatusSeeOther || status[1] != http.StatusBadRequest || status[11] != http.StatusBadRequest || c.fc.Count("/token") != 1 {
		t.Errorf("answers %v, %d codes exchanged", status, c.fc.Count("/token"))
	}
	if n := c.Number(t, `select count(*) from journal_entry where action = 'draft.identified'`); n != 1 {
		t.Errorf("%d identifications", n)
	}
}

// Nobody starts an identification for a draft that is not theirs, and cannot tell it from one that does not exist.
func TestStart_OnlyForOnesOwnDraft(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Person(t, c.pc.Issuer, "Colleague-sub", c.Here, "aidant")
	c.Person(t, c.pc.Issuer, "Elsewhere-sub", c.Elsewhere, "aidant")
	for name, b := range map[string]*browse.Browser{"a colleague": c.signIn(t, "Colleague-sub", "21750001600019"),
		"another organisation": c.signIn(t, "Elsewhere-sub", "35600000000048")} {
		var pages []string
		for _, id := range []string{c.draft.String(), uuid.NewString(), "nonsense"} {
			if err := b.Post("/brouillons/"+id+"/identite", nil); err != nil {
				t.Fatal(err)
			}
			if b.Status() != http.StatusNotFound {
				t.Errorf("%s, draft %s: status %d", name, id, b.Status())
			}
			pages = append(pages, b.H1())
		}
		if len(slices.Compact(pages)) != 1 {
			t.Errorf("%s: pages differ: %v", name, pages)
		}
	}
	stranger := browse.New()
	get(t, stranger, c.URL+"/")
	if err := stranger.Post("/brouillons/"+c.draft.String()+"/identite", nil); err != nil || stranger.URL().Path != session.SignInPath {
		t.Errorf("a stranger is at %v, %v", stranger.URL(), err)
	}
	if c.fc.Count("/authorize") != 0 {
		t.Error("FranceConnect was asked")
	}
}

// A draft that was signed or given up in the meantime takes no identity, and FranceConnect's session is ended all the same.
func TestCallback_DraftGone(t *testing.T) {
	t.Parallel()
	c := open(t)
	answer := c.leave(t)
	c.Behind(t, `update mandate_draft set state = 'abandoned' where id = '`+c.draft.String()+`'`)
	get(t, c.browser, answer)
	if c.browser.TextByID("notice") != "login.identity.draft_changed" || c.fc.Count("/session/end") != 1 {
		t.Errorf("%v: %s", c.browser.URL(), c.browser.Text())
	}
	get(t, c.browser, c.page())
	if c.browser.TextByID("notice") != "" {
		t.Error("the message is shown twice")
	}
	if err := c.browser.Press("identifier", nil); err != nil || c.browser.Status() != http.StatusNotFound {
		t.Errorf("status %d, %v", c.browser.Status(), err)
	}
}
