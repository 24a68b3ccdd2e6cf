package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal/verify"
	"mandat/internal/org"
)

// The attestation names the day of the signature, also when the program has run for days.
func TestAttestation_SaysTheDayOfTheSignature(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	site.Clock.Advance(50 * time.Hour)
	v := site.Visit(t, fresh(site, site.Jeanne))
	m := site.Sign(t, v.By, fixture.Angela(), fixture.Tax)
	paris, err := time.LoadLocation("Europe/Paris")
	must(t, err)
	months := strings.Fields("janvier février mars avril mai juin juillet août septembre octobre novembre décembre")
	inWords := func(at time.Time) string {
		at = at.In(paris)
		day := at.Format("2")
		if day == "1" {
			day = "1er"
		}
		return day + " " + months[at.Month()-1] + at.Format(" 2006")
	}
	for _, later := range []time.Duration{0, 30 * time.Hour} {
		site.Clock.Advance(later)
		v = site.Visit(t, fresh(site, site.Jeanne))
		a := v.Get("/mandats/" + m.ID.String() + "/attestation")
		a.Body = strings.ReplaceAll(a.Body, "\u00a0", " ")
		if a.Status != http.StatusOK || !strings.Contains(a.Body, inWords(m.SignedAt)) {
			t.Errorf("%v later the attestation does not name %s", later, inWords(m.SignedAt))
		}
		if strings.Contains(a.Body, inWords(time.Now())) {
			t.Errorf("the attestation names the day on which the program started")
		}
	}
}

// Somebody who works for two organisations acts for the one in the address. What they began for one is neither seen nor signed
// at the other's addresses, in whatever tab of the same browser, nor at addresses that name none.
func TestSign_ForTheOrganisationShown(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	denis := site.Walker(t, site.Denis)
	here, elsewhere := site.Under(t, site.Here), site.Under(t, site.Elsewhere)
	must(t, denis.At(here+"/espace"))
	denis.Under = here
	draft, err := denis.Terms("31", fixture.Tax)
	must(t, err)
	must(t, denis.Identify(draft, "test"))
	must(t, denis.At(here+"/brouillons/"+draft.String()+"/recapitulatif"))
	for _, path := range []string{"", "/identite", "/recapitulatif"} {
		must(t, denis.Get(site.URL+elsewhere+"/brouillons/"+draft.String()+path))
		if denis.Status() != http.StatusNotFound {
			t.Errorf("the draft of the other organisation: %d", denis.Status())
		}
	}
	must(t, denis.Get(site.URL+"/brouillons/"+draft.String()+"/recapitulatif"))
	must(t, denis.At(here+"/brouillons/"+draft.String()+"/recapitulatif"))
	id, err := denis.Sign()
	must(t, err)
	if n := site.Number(t, `select count(*) from mandate where id = $1 and organisation_id = $2`, id, site.Here); n != 1 {
		t.Error("the mandate is not the organisation's that the recap showed")
	}
}

// A name is text, whatever it is made of, and pages load nothing from anywhere else.
func TestPages_AreInert(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	v := site.Visit(t, site.Jeanne)
	who := fixture.Angela()
	who.FamilyName, who.GivenName = `<img src=x onerror=alert(1)>`, `"><script>alert(2)</script>`
	m := site.Sign(t, v.By, who, fixture.Tax)
	draft := site.Draft(t, v.By, who, fixture.Housing)
	login, err := v.Begin(t.Context())
	must(t, err)
	page := "/mandats/" + m.ID.String()
	answers := map[string]apptest.Answer{"search": v.Post(login+"/usager", "recherche", "img")}
	must(t, v.Choose(t.Context(), login, m.Citizen))
	for _, path := range []string{"/", "/espace", "/mandats/nouveau", "/brouillons/" + draft.String(), "/brouillons/" + draft.String() + "/identite",
		"/brouillons/" + draft.String() + "/recapitulatif", page, page + "/fin", login + "/demarche", "/v/AAAAAAAAAAAAAAAAAAAAAA", "/nulle-part"} {
		answers[path] = v.Get(path)
	}
	for path, a := range peoplePages(t, site) {
		answers[path] = a
	}
	loaded := regexp.MustCompile(`(?i)<(?:script|link|img|iframe|source|object|embed|form)\b[^>]*?\b(?:src|href|data|action|formaction)="([^"]*)"`)
	shown := 0
	for name, a := range answers {
		policy := a.Header.Get("Content-Security-Policy")
		script := "script-src 'none'"
		if strings.Contains(a.Body, `<script type="module" src="/static/js/`) { // ours, where a passkey is given or a text is read aloud
			script, a.Body = "script-src 'self'", strings.ReplaceAll(a.Body, `<script type="module" src="/static/js/`, "")
		}
		for _, directive := range []string{"default-src 'none'", script, "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, directive) {
				t.Errorf("%s: no %s in %q", name, directive, policy)
			}
		}
		if strings.Contains(a.Body, "<img src=x") || strings.Contains(a.Body, "<script") || strings.Contains(a.Body, " onerror=alert(1)>") {
			t.Errorf("%s: a name became HTML", name)
		}
		if strings.Contains(a.Body, "&lt;img src=x") {
			shown++
		}
		for _, found := range loaded.FindAllStringSubmatch(a.Body, -1) {
			if u, err := url.Parse(found[1]); err != nil || u.Host != "" || u.Scheme != "" {
				t.Errorf("%s: loads or sends to %s", name, found[1])
			}
		}
	}
	if shown < 9 {
		t.Errorf("only %d pages showed the name", shown)
	}
}

// peoplePages are pages that show the name of a professional, chosen with care: no act takes it for a name, and pages do not count on that.
func peoplePages(t *testing.T, site *apptest.Site) map[string]apptest.Answer {
	t.Helper()
	who := site.Aidant(t, site.Here, "malin")
	site.Behind(t, `set session_replication_role = replica; update person set given_name = '<img src=x onerror=alert(1)>', usual_name = '"><script>alert(2)</script>'
		where id = '`+who.Person.String()+`'`)
	must(t, site.Directory.ChangeProfile(t.Context(), who, org.Profile{Profession: `<img src=x onerror=alert(1)>`, Lang: "fr"}))
	out := map[string]apptest.Answer{}
	for by, paths := range map[*apptest.Visitor][]string{
		site.Visit(t, who):        {"/espace", "/compte", "/compte/profil", "/compte/facteurs", "/compte/facteurs/cle", "/compte/sessions", "/charte"},
		site.Visit(t, site.Odile): {"/referent", "/referent/equipe", "/referent/personnes/" + who.Person.String(), "/referent/personnes/" + who.Person.String() + "/suspension"},
		site.Visit(t, site.Adele): {"/admin/personnes/" + who.Person.String(), "/admin/structures/" + site.Here.String()},
		site.Stranger(t):          {"/connexion"},
	} {
		for _, path := range paths {
			a := by.Get(path)
			if out[path+" of people"] = a; a.Status != http.StatusOK {
				t.Errorf("%s: %d", path, a.Status)
			}
		}
	}
	return out
}

// The program's own login cannot change what was written, and what somebody stronger changes is named.
func TestJournal_IsKeptAndNamesWhatWasChanged(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Unverified = "an entry is changed" })
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	must(t, site.App.CatchUp(t.Context()))
	app := site.Connect(t, site.World.App)
	for _, sql := range []string{`update journal_entry set body = '{}'`, `delete from journal_entry`, `truncate journal_entry`, `delete from journal_leaf`, `delete from journal_tree`,
		`update journal_tile set hashes = '\x00'`, `alter table journal_entry disable trigger all`} {
		if _, err := app.Exec(t.Context(), "set default_transaction_read_only = off; set mandat.system = 'on'; "+sql); err == nil {
			t.Errorf("%s: allowed", sql)
		}
	}
	if _, err := site.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	var index int64
	site.Row(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id = $1 and e.action = 'mandate.signed'`, []any{m.ID}, &index)
	site.Behind(t, `update journal_entry set body = replace(body, '"days":31', '"days":32') where mandate_id = $1`, m.ID)
	_, err := site.Verify(t.Context())
	fault, ok := verify.AsFault(err)
	if !ok || fault.Index != index {
		t.Errorf("verification says %v, want entry %d named", err, index)
	}
}

// No draft begins, and nobody is asked to identify themselves, before the declaration that the citizen is under no
// protection measure and the notice.
func TestTerms_WantTheDeclaration(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	v := site.Visit(t, site.Jeanne)
	for _, missing := range []string{"no_protection", "informed"} {
		form := apptest.Form("procedures", fixture.Tax, "days", "31", "no_protection", "on", "informed", "on")
		form.Del(missing)
		a, err := v.Do(t.Context(), http.MethodPost, "/mandats/nouveau", form)
		must(t, err)
		if a.Status != http.StatusUnprocessableEntity || site.Number(t, `select count(*) from mandate_draft`) != 0 {
			t.Errorf("without %s: %d", missing, a.Status)
		}
	}
}
