package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
	"mandat/internal/walk"
)

// marked is a citizen of whom no word occurs by chance.
var marked = map[string]string{"given name": "Zzprenomine", "family name": "ZZMARQUEUR", "usage name": "ZZUSAGEUR", "e-mail": "zz-marque@exemple.invalid",
	"birth date": "1931-03-27", "birth date in words": "27 mars 1931"}

// The whole story of a citizen whose every word is marked, then marked values typed into every route in every place that
// takes one. Nothing of that, and no cookie, code, token, state or secret that went over the wire, may be in the log, the
// metrics, the journal, the list of refusals or, but for where the protocol wants it, in a header or an address.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Record, o.Failing = true, "ProConnect fails in between, which is logged" })
	tellStory(t, site)
	if len(site.Log.Failures()) == 0 {
		t.Error("no failure was logged: what errors say is not searched")
	}
	story := site.Wire.All()
	ofPeople := tellPeople(t, site)
	spray(t, site)

	needles := secretsOn(t, site.Wire.All())
	maps.Copy(needles, ofPeople)
	for name, value := range professional {
		needles[name] = append(needles[name], value)
	}
	for name, value := range marked {
		needles[name] = append(needles[name], value)
		if !slices.ContainsFunc(story, func(e apptest.Exchange) bool { return strings.Contains(e.Body, value) }) && name != "birth date" && name != "e-mail" {
			t.Errorf("no page showed the %s: the story passed it by", name)
		}
	}
	for name, value := range apptest.Secrets() {
		needles[name] = append(needles[name], value)
	}
	needles["typed in"] = append(needles["typed in"], typedIn, ticketIn, hexIn)
	places := map[string]string{"log": site.Log.String(), "metrics": metrics(t, site), "journal": site.Bodies(t), "refusals": refusalsList(t, site)}
	for place, text := range places {
		for name, values := range needles {
			for _, v := range values {
				if found(text, v) {
					t.Errorf("the %s holds a %s", place, name)
				}
				if !found(text+" x"+url.QueryEscape(v)+"x", v) || !found(text+fmt.Sprintf("%+q", v), v) {
					t.Errorf("the search would not find a %s in the %s", name, place)
				}
			}
		}
	}
	checkHeaders(t, site, story, needles)
}

// found looks for a value as it is, escaped as in an address, and escaped as in JSON.
func found(text, value string) bool {
	quoted := fmt.Sprintf("%+q", value)
	return strings.Contains(text, value) || strings.Contains(text, url.QueryEscape(value)) || strings.Contains(text, quoted[1:len(quoted)-1])
}

// tellStory walks from the first sign-in to the audit.
func tellStory(t *testing.T, site *apptest.Site) {
	t.Helper()
	repaired := site.Fault(t, twin.Fault{Role: twin.ProConnect, Endpoint: "token", Status: http.StatusServiceUnavailable})
	must(t, site.Browser(t).SignIn(site.Login(site.Jeanne)))
	repaired()
	login := twintest.Name("marked")
	must(t, site.Twin.PutCitizen(t.Context(), twin.Citizen{Login: login, GivenName: marked["given name"], FamilyName: marked["family name"], PreferredUsername: marked["usage name"],
		Gender: "female", Birthdate: marked["birth date"], Birthplace: "75107", BirthCountry: "99100", Email: marked["e-mail"], Clients: []string{site.ClientID}}))
	jeanne := site.Walker(t, site.Jeanne)
	mandate, err := jeanne.DrawUp(login, fixture.Tax, fixture.Housing)
	must(t, err)
	page := site.URL + "/mandats/" + mandate.String()
	must(t, jeanne.Get(page+"/attestation.pdf"))
	must(t, jeanne.Get(page+"/attestation"))
	status := regexp.MustCompile(`http://\S+/v/[A-Za-z0-9_-]+`).FindString(jeanne.Text())
	anybody := site.Browser(t)
	must(t, anybody.Get(status))
	word := regexp.MustCompile(`[a-z]+-[a-z]+-[a-z]+-[a-z]+`).FindString(jeanne.Text())
	must(t, anybody.Press("Vérifier", url.Values{"word": {word}}))
	must(t, anybody.Says("en cours jusqu"))
	must(t, jeanne.Use(site.Tax, "zzmarqueur", fixture.Tax))
	must(t, jeanne.OpenService(site.Allowance))
	must(t, jeanne.Press("Chercher", url.Values{"recherche": {marked["family name"]}}))
	must(t, jeanne.Press("Annuler et revenir à FranceConnect", nil))
	must(t, jeanne.End(mandate, "mistake"))
	must(t, jeanne.Get(page))
	must(t, jeanne.LeaveService(site.Tax))
	sofia := site.Walker(t, site.Sofia)
	must(t, sofia.Get(site.URL+"/audit/journal?mandat="+mandate.String()))
	must(t, sofia.Get(site.URL+"/audit"))
	must(t, sofia.Press("Télécharger le journal", nil))
	signOut(t, jeanne, site)
}

func signOut(t *testing.T, w *walk.Walker, site *apptest.Site) {
	t.Helper()
	must(t, w.Get(site.URL+"/espace"))
	must(t, w.Press("Se déconnecter", nil))
}

// What is typed in: words, something of the form of our codes and tokens, and something of the form of a state.
var (
	typedIn  = "zz-typed-in-by-somebody"
	ticketIn = "ZZticket" + strings.Repeat("ab12_-Zz", 7)
	hexIn    = strings.Repeat("fee1dead", 8)
)

// names are the parameters that any route reads.
var names = strings.Fields(`recherche usager demarche procedures days informed no_protection reason agreed identified code state nonce redirect_uri client_id
	client_secret scope prompt max_age claims acr_values login_hint id_token_hint post_logout_redirect_uri access_token grant_type code_verifier code_challenge
	error error_description iss lang avant action id before response_type response_mode request request_uri
	email value name first second serial version sha256 accepted how roles given_name usual_name phone profession colleague reset identity structure act q score
	tested_on trained_on organiser training siret content every
	from until payments bank_details quiet warned tick untick`)

// spray types marked values into every route: its path, its query, its form and the headers.
func spray(t *testing.T, site *apptest.Site) {
	t.Helper()
	placeholder := regexp.MustCompile(`\{[^}]*\}`)
	jeanne, sofia, odile, adele := site.Visit(t, site.Jeanne), site.Visit(t, site.Sofia), site.Visit(t, site.Odile), site.Visit(t, site.Adele)
	for n, route := range site.App.Routes() {
		for i, value := range []string{typedIn, ticketIn, hexIn} {
			path := placeholder.ReplaceAllString(route.Pattern, value)
			if strings.Contains(route.Pattern, "{$}") {
				path = "/"
			}
			all := url.Values{}
			for _, name := range names {
				all.Set(name, value)
			}
			queries := []string{all.Encode(), "%zz=" + value, apptest.Request("state", value, "client_id", value)[len("/idp/authorize?"):]}
			for j, v := range []*apptest.Visitor{site.Stranger(t), jeanne, sofia, odile, adele} {
				if strings.HasPrefix(route.Pattern, "/deconnexion") && v.Cookie != "" {
					v = site.Visit(t, v.By) // who will be gone
				}
				form := url.Values(nil)
				if route.Method == http.MethodPost {
					form = all
				}
				a, err := v.Do(t.Context(), route.Method, path+"?"+queries[(n+i+j)%3], form, typedHeaders(value, v.Cookie == "")...)
				must(t, err)
				if v.Cookie != "" {
					v.Keep(a) // some acts change it
				}
				if a.Status >= 500 {
					t.Errorf("%s %s: %d", route.Method, route.Pattern, a.Status)
				}
			}
		}
	}
	if a := jeanne.Get("/espace"); a.Status != http.StatusOK {
		t.Errorf("the aidant was not signed in while typing: %d", a.Status)
	}
}

// typedHeaders are headers with which somebody may lie, or leak.
func typedHeaders(value string, stranger bool) []string {
	out := []string{"Referer", "https://" + value + ".example/" + value, "User-Agent", value, "X-Forwarded-For", value, "X-Request-Id", value, "Accept-Language", value,
		"Authorization", "Bearer " + value, "Forwarded", "for=" + value}
	if stranger {
		out = append(out, "Cookie", "mandat="+value+"; lang="+value)
	}
	return out
}

// secret parameters of requests and redirects, and what they are.
var secretNames = map[string]string{"code": "code", "state": "state", "nonce": "nonce", "access_token": "token", "id_token_hint": "ID token", "code_verifier": "verifier", "client_secret": "client secret", "word": "control word"}

// secretsOn collects what was secret of all that went over the wire.
func secretsOn(t *testing.T, wire []apptest.Exchange) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	add := func(kind, value string) {
		if len(value) >= 20 && !slices.Contains(out[kind], value) {
			out[kind] = append(out[kind], value)
		}
	}
	for _, e := range wire {
		form, _ := url.ParseQuery(e.Form)
		to, err := url.Parse(e.Answer.Get("Location"))
		must(t, err)
		for name, kind := range secretNames {
			add(kind, e.URL.Query().Get(name))
			add(kind, form.Get(name))
			add(kind, to.Query().Get(name))
		}
		for _, c := range append((&http.Request{Header: e.Request}).Cookies(), (&http.Response{Header: e.Answer}).Cookies()...) {
			if c.Name == "mandat" || c.Name == "appareil" {
				add("cookie", c.Value)
			}
		}
		if token, ok := strings.CutPrefix(e.URL.Path, "/v/"); ok {
			add("token of a QR code", token)
		}
		add("token", strings.TrimPrefix(e.Request.Get("Authorization"), "Bearer "))
		var answer struct {
			Access string `json:"access_token"`
			ID     string `json:"id_token"`
		}
		if e.URL.Path == "/idp/token" && json.Unmarshal([]byte(e.Body), &answer) == nil {
			add("token", answer.Access)
			add("ID token", answer.ID)
		}
	}
	for _, kind := range []string{"code", "state", "nonce", "token", "ID token", "verifier", "client secret", "cookie", "token of a QR code"} {
		if len(out[kind]) == 0 && kind != "verifier" {
			t.Errorf("the story showed no %s: the search proves nothing", kind)
		}
	}
	return out
}

// checkHeaders looks at the headers and addresses of the story. Codes, states and nonces travel in redirects to the other
// party, cookies in Set-Cookie, and nowhere else.
func checkHeaders(t *testing.T, site *apptest.Site, story []apptest.Exchange, needles map[string][]string) {
	t.Helper()
	for _, e := range story {
		where := e.Method + " " + regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|/v/.*`).ReplaceAllString(e.URL.Path, "…")
		for name := range marked {
			for _, v := range needles[name] {
				if found(e.URL.RequestURI(), v) {
					t.Errorf("%s: the %s stands in the address", where, name)
				}
			}
		}
		for header, values := range e.Answer {
			text := strings.Join(values, "\n")
			for name, secrets := range needles {
				ours := name == "cookie" && header == "Set-Cookie"
				theirs := header == "Location" && !strings.HasPrefix(text, site.URL) && !strings.HasPrefix(text, "/") && slices.Contains([]string{"code", "state", "nonce", "ID token"}, name)
				// A request that came before the sign-in is taken up again after it: its own parameters, at its own address.
				again := header == "Location" && strings.HasPrefix(text, "/idp/authorize?") && slices.Contains([]string{"state", "nonce"}, name)
				if !ours && !theirs && !again && slices.ContainsFunc(secrets, func(v string) bool { return found(text, v) }) {
					t.Errorf("%s: a %s stands in the header %s", where, name, header)
				}
			}
		}
	}
}

// refusalsList is the list of refusals before anybody was signed in.
func refusalsList(t *testing.T, site *apptest.Site) string {
	t.Helper()
	var out string
	site.Row(t, `select coalesce(string_agg(e::text, ' '), '') from security_event e`, nil, &out)
	return out
}
