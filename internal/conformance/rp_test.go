package conformance

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/draft"
	"mandat/internal/franceconnect"
	"mandat/internal/journal"
	"mandat/internal/proconnect"
	"mandat/internal/rogue"
)

// relyingParties runs the plans for relying parties: the one that signs professionals in (towards ProConnect, RS256), and the one
// that identifies citizens (towards FranceConnect, ES256).
func relyingParties(t *testing.T, b *book) {
	t.Helper()
	try(t, b, "Basic RP", "oidcc-client-basic-certification-test-plan", none{}, registered, basicRP)
	try(t, b, "Config RP", "oidcc-client-config-certification-test-plan", none{}, registered, configRP)
	try(t, b, "RP-Initiated Logout RP", "oidcc-client-rp-initiated-logout-rp-basic", none{}, registered, logoutRP)
	try(t, b, "Back-Channel Logout RP", "oidcc-client-back-channel-logout-rp-basic", none{}, registered, backchannelRP)
	routes, err := os.ReadFile("../app/testdata/routes.txt")
	if back := regexp.MustCompile(`(?m)^POST /connexion/\S*(channel|logout)\S*`).Find(routes); err != nil || back != nil || !strings.Contains(string(routes), "/connexion/franceconnect/retour") {
		t.Errorf("there is a route for logout tokens, %s: %v", back, err)
	}
}

// none stands for the subject of a plan whose tests each begin with their own.
type none struct{}

// registered is what our relying parties have registered of what they could have.
var registered = map[string]any{"token_endpoint_auth_methods": []any{"client_secret_post", "private_key_jwt"}, "backchannel_logout": false}

var bothEnds = "neither keeps a session there: FranceConnect’s is ended at once, ProConnect’s when somebody signs out"

var (
	basicRP = []trial[none]{
		{name: "oidcc-client-test", run: believed(nil)},
		{name: "oidcc-client-test-invalid-iss", run: refused("issuer")},
		{name: "oidcc-client-test-missing-sub", run: refused("no sub")},
		{name: "oidcc-client-test-invalid-aud", run: refused("audience")},
		{name: "oidcc-client-test-missing-iat", run: refused("no time")},
		{name: "oidcc-client-test-kid-absent-single-jwks", run: believed(kidless)},
		{name: "oidcc-client-test-kid-absent-multiple-jwks", run: kidAbsentAmongSeveral, note: "each key is tried"},
		{name: "oidcc-client-test-idtoken-sig-rs256", run: believed(nil), note: "towards ProConnect; ES256 towards FranceConnect"},
		{name: "oidcc-client-test-idtoken-sig-none", run: refused("alg none")},
		{name: "oidcc-client-test-invalid-sig-rs256", run: refused("forged")},
		{name: "oidcc-client-test-invalid-sig-es256", run: refused("changed")},
		{name: "oidcc-client-test-invalid-sig-hs256", run: refused("alg HS256")},
		{name: "oidcc-client-test-invalid-athash", run: refused("at_hash")},
		{name: "oidcc-client-test-userinfo-invalid-sub", run: refused("userinfo of another")},
		{name: "oidcc-client-test-userinfo-signed", run: refused("userinfo forged"), note: "wanted from both: an unsigned one is refused"},
		{name: "oidcc-client-test-nonce-invalid", run: refused("nonce")},
		{name: "oidcc-client-test-scope-userinfo-claims", run: scopeClaims},
		{name: "oidcc-client-test-client-secret-basic", member: "token_endpoint_auth_methods", value: "client_secret_basic"},
	}
	configRP = []trial[none]{
		{name: "oidcc-client-test-discovery-openid-config", run: believed(nil)},
		{name: "oidcc-client-test-discovery-jwks-uri-keys", run: believed(nil)},
		{name: "oidcc-client-test-discovery-issuer-mismatch", run: issuerMismatch},
		{name: "oidcc-client-test-idtoken-sig-none", run: refused("alg none")},
		{name: "oidcc-client-test-signing-key-rotation-just-before-signing", run: rotation(true)},
		{name: "oidcc-client-test-signing-key-rotation", run: rotation(false)},
	}
	logoutRP = []trial[none]{
		{name: "oidcc-client-test-rp-init-logout", run: leaves("the right one"), note: bothEnds},
		{name: "oidcc-client-test-rp-init-logout-other-state", run: leaves("another"), note: "the page says what to do; nothing is changed"},
		{name: "oidcc-client-test-rp-init-logout-no-state", run: leaves("none"), note: "the page says what to do; nothing is changed"},
	}
	backchannelRP = []trial[none]{
		{name: "oidcc-client-test-rp-backchannel-rpinitlogout", member: "backchannel_logout"},
		{name: "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg", member: "backchannel_logout"},
		{name: "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss", member: "backchannel_logout"},
		{name: "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud", member: "backchannel_logout"},
		{name: "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event", member: "backchannel_logout"},
		{name: "oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce", member: "backchannel_logout"},
		{name: "oidcc-client-test-rp-backchannel-rpinitlogout-alg-none", member: "backchannel_logout"},
	}
)

var ours = rogue.Client{ID: "mandat", Secret: "a-secret-of-at-least-thirty-two-characters"}

const (
	siret = "21750001600019"
	owner = "b6048e95bb134ec5b1d1e1fa69f287172e91722b9354d637a1bcf2ebb0fd2ef5v1"
)

// professional and angela are what the two providers say when they are sound.
func professional() rogue.Plan {
	return rogue.Plan{Subject: "Jeanne-sub", ACR: "eidas1-mfa", Info: map[string]any{"email": "jeanne@exemple.invalid", "siret": siret, "idp_id": "fia1"}}
}

func angela() rogue.Plan {
	return rogue.Plan{Subject: owner, ACR: "eidas1", Info: map[string]any{"given_name": "Angela Claire Louise", "given_name_array": []string{"Angela", "Claire", "Louise"},
		"family_name": "DUBOIS", "birthdate": "1962-08-24", "idp_birthdate": "1962-08-24", "gender": "female", "birthplace": "75107", "birthcountry": "99100", "email": "angela@exemple.invalid"}}
}

// rp is our relying parties, between two providers that may lie.
type rp struct {
	*desk.Desk
	t      *testing.T
	pc, fc *rogue.Provider
	jeanne uuid.UUID
}

func startRP(t *testing.T) *rp {
	t.Helper()
	s := &rp{t: t, pc: rogue.New(t, "RS256", ours), fc: rogue.New(t, "ES256", ours)}
	s.Desk = desk.Open(t, func(string) (proconnect.Config, franceconnect.Config) {
		return proconnect.Config{Issuer: s.pc.Issuer, ClientID: ours.ID, ClientSecret: ours.Secret, Timeout: 30 * time.Second},
			franceconnect.Config{Issuer: s.fc.Issuer, ClientID: ours.ID, ClientSecret: ours.Secret, Timeout: 30 * time.Second}
	})
	s.jeanne = s.Person(t, s.pc.Issuer, "Jeanne-sub", s.Here, "aidant")
	s.play(nil)
	return s
}

// play lets both providers say the sound thing, or lie.
func (s *rp) play(lie func(*rogue.Plan)) {
	pc, fc := professional(), angela()
	if lie != nil {
		lie(&pc)
		lie(&fc)
	}
	s.pc.Play(pc)
	s.fc.Play(fc)
}

// signedIn says whether ProConnect's answer signs anybody in. The browser is who was.
func (s *rp) signedIn() (*browse.Browser, bool) {
	s.t.Helper()
	b := browse.New()
	s.SignIn(s.t, b)
	if err := b.Get(s.URL + "/espace"); err != nil {
		s.t.Fatal(err)
	}
	return b, b.H1() == "espace"
}

// press begins to identify the citizen of a new draft, in the browser of somebody who is signed in.
func (s *rp) press(b *browse.Browser) uuid.UUID {
	s.t.Helper()
	id := s.Draft(s.t, s.jeanne, s.Here)
	if err := b.Get(s.URL + "/brouillons/" + id.String() + "/identite"); err != nil {
		s.t.Fatal(err)
	}
	if err := b.Press("identifier", nil); err != nil {
		s.t.Fatal(err)
	}
	return id
}

// identified says who a draft is for, "" for nobody.
func (s *rp) identified(id uuid.UUID) string {
	s.t.Helper()
	d, err := s.Drafts.Find(s.t.Context(), journal.Actor{Kind: journal.Aidant, Person: s.jeanne, Organisation: s.Here}, id)
	if err != nil {
		s.t.Fatal(err)
	}
	if d.Identity == nil || d.State != draft.Identified {
		return ""
	}
	return d.Identity.FamilyName
}

// both says whether each relying party believes what its provider says, lie or not.
func (s *rp) both(lie func(*rogue.Plan)) (pc, fc bool) {
	s.t.Helper()
	s.play(nil)
	b, ok := s.signedIn()
	if !ok {
		s.t.Fatal("a sound answer is refused")
	}
	s.play(lie)
	id := s.press(b)
	_, in := s.signedIn()
	return in, s.identified(id) == "DUBOIS"
}

func believed(change func(*rogue.Plan)) func(*testing.T, none) {
	return func(t *testing.T, _ none) {
		if pc, fc := startRP(t).both(change); !pc || !fc {
			t.Errorf("believed: ProConnect %v, FranceConnect %v", pc, fc)
		}
	}
}

func refused(lie string) func(*testing.T, none) {
	return func(t *testing.T, _ none) {
		known, ok := rogue.Lies(time.Now())[lie]
		if !ok {
			t.Fatalf("there is no lie %q", lie)
		}
		if pc, fc := startRP(t).both(known.Tell); pc || fc {
			t.Errorf("believed: ProConnect %v, FranceConnect %v", pc, fc)
		}
	}
}

func kidless(p *rogue.Plan) { p.SignIDToken = rogue.Kidless }

func kidAbsentAmongSeveral(t *testing.T, _ none) {
	s := startRP(t)
	s.pc.Publish()
	s.fc.Publish()
	if pc, fc := s.both(kidless); !pc || !fc {
		t.Errorf("believed: ProConnect %v, FranceConnect %v", pc, fc)
	}
}

// scopeClaims expects openid among the scopes, and that what a person is comes from the userinfo.
func scopeClaims(t *testing.T, _ none) {
	s := startRP(t)
	b, _ := s.signedIn()
	id := s.press(b)
	for _, asked := range []string{s.pc.Asked().Get("scope"), s.fc.Asked().Get("scope")} {
		if !strings.HasPrefix(asked+" ", "openid ") {
			t.Errorf("scope %q", asked)
		}
	}
	if s.identified(id) != "DUBOIS" || s.fc.Count(rogue.Userinfo) != 1 {
		t.Error("the userinfo was not used")
	}
}

// issuerMismatch lets discovery name another issuer than the one it was asked for.
func issuerMismatch(t *testing.T, _ none) {
	s := startRP(t)
	other := rogue.Instead(rogue.Discovery, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": "https://elsewhere.invalid", "authorization_endpoint": s.pc.Issuer + rogue.Authorize,
			"token_endpoint": s.pc.Issuer + rogue.Token, "userinfo_endpoint": s.pc.Issuer + rogue.Userinfo, "jwks_uri": s.pc.Issuer + rogue.JWKS})
	})
	plan := professional()
	other(&plan)
	s.pc.Play(plan)
	if _, in := s.signedIn(); in || s.pc.Count(rogue.Authorize) != 0 {
		t.Errorf("signed in %v, asked %d times", in, s.pc.Count(rogue.Authorize))
	}
}

// rotation changes the providers' keys: when ours know them already, or between discovery and the first signature.
func rotation(first bool) func(*testing.T, none) {
	return func(t *testing.T, _ none) {
		s := startRP(t)
		if !first {
			if pc, fc := s.both(nil); !pc || !fc {
				t.Fatal("refused before the rotation")
			}
		}
		s.pc.Rotate(true)
		s.fc.Rotate(true)
		if pc, fc := s.both(nil); !pc || !fc {
			t.Errorf("believed: ProConnect %v, FranceConnect %v", pc, fc)
		}
	}
}

// leaves ends the citizen's session at FranceConnect, which comes back with the right state, another, or none.
func leaves(state string) func(*testing.T, none) {
	return func(t *testing.T, _ none) {
		s := startRP(t)
		b, _ := s.signedIn()
		plan := angela()
		rogue.Instead(rogue.EndSession, func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			to := q.Get("post_logout_redirect_uri")
			switch state {
			case "the right one":
				to += "?state=" + q.Get("state")
			case "another":
				to += "?state=" + strings.Repeat("0", 64)
			}
			if strings.Count(q.Get("id_token_hint"), ".") != 2 || q.Get("state") == "" {
				t.Errorf("asked to leave with %v", q)
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
		})(&plan)
		s.fc.Play(plan)
		id := s.press(b)
		right := strings.HasSuffix(b.URL().Path, "/recapitulatif")
		if s.fc.Count(rogue.EndSession) != 1 || s.identified(id) != "DUBOIS" || right != (state == "the right one") || b.Status() >= http.StatusInternalServerError || b.H1() == "" {
			t.Errorf("%d ends, for %q, %d at %s: %s", s.fc.Count(rogue.EndSession), s.identified(id), b.Status(), b.URL(), b.H1())
		}
	}
}
