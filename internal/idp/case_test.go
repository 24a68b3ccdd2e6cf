package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// withTerms signs a mandate of Angela's with terms of its own.
func (s *site) withTerms(t *testing.T, x terms.Terms) mandate.Mandate {
	t.Helper()
	d, err := s.Drafts.Start(t.Context(), s.Jeanne, x)
	if err == nil {
		err = s.Drafts.Identify(t.Context(), s.Jeanne, d.ID, fixture.Angela(), s.Clock.Now())
	}
	var m mandate.Mandate
	if err == nil {
		m, err = s.Mandates.Sign(t.Context(), s.Jeanne, d.ID, s.Agreed(t, s.Jeanne, d.ID))
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A power for one case is used for that case: the page says which, the entry names it, and another case is not to be had.
func TestUse_ForOneCase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	x := fixture.Terms(fixture.Tax, fixture.Tax)
	x.Powers[0].Case, x.Powers[1].Case, x.Powers[1].Level = "DOSSIER-1", "DOSSIER-2", procedure.See
	m := s.withTerms(t, x)
	v := s.visit(t, s.Jeanne)
	path := v.begin()
	v.choose(path, m)
	page := v.get(path + "/demarche").body
	for _, says := range []string{"DOSSIER-1", "DOSSIER-2", "consulter, sans rien changer", `value="` + fixture.Tax + ":" + m.Powers[0].Case + `"`} {
		if !strings.Contains(page, says) {
			t.Errorf("the page does not say %q:\n%s", says, page)
		}
	}
	for what, choice := range map[string]string{"every case": fixture.Tax, "another case": fixture.Tax + ":" + strings.Repeat("0", 32), "no case": fixture.Tax + ":x"} {
		if a := v.post(path+"/demarche", url.Values{"demarche": {choice}}); a.StatusCode != http.StatusConflict {
			t.Errorf("%s: %d %s", what, a.StatusCode, a.at())
		}
	}
	back := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax + ":" + m.Powers[0].Case}}).at()
	if !back.Query().Has("code") {
		t.Fatalf("no code: %s", back)
	}
	answer := s.token(t, back.Query().Get("code"))
	if a := s.userinfo(t, answer["access_token"]); a.StatusCode != http.StatusOK {
		t.Errorf("userinfo: %d %s", a.StatusCode, a.body)
	}
	if n := count(t, s, `select count(*) from journal_entry where action = 'power.used' and body::jsonb #>> '{detail,case}' = $1`, m.Powers[0].Case); n != 1 {
		t.Errorf("%d entries name the case", n)
	}
	if n := count(t, s, `select count(*) from report_use where case_ref = $1`, m.Powers[0].Case); n != 1 {
		t.Errorf("%d uses are of the case", n)
	}
}

// A service is told for which of its files the power is, and how far that one goes.
func TestDirect_ForOneCase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	x := fixture.Terms(fixture.Tax, fixture.Tax)
	x.Powers[0].Case, x.Powers[1].Case, x.Powers[1].Level = "DOSSIER-1", "DOSSIER-2", procedure.See
	m := s.withTerms(t, x)
	v, levels := s.visit(t, s.Jeanne), map[any]any{}
	for _, power := range m.Powers {
		answer := s.traded(t, direct, v.codeFor(direct, m, fixture.Tax+":"+power.Case))
		told := s.claimsOf(t, direct, answer)["authorization_details"].([]any)[0].(map[string]any)
		levels[told["case"]] = told["level"]
		delete(told, "receipt")
		same(t, "introspection", s.introspect(t, direct, answer["access_token"])["authorization_details"], []any{told})
	}
	same(t, "levels", levels, map[any]any{"DOSSIER-1": "act", "DOSSIER-2": "see"})
}

// A service is told of the power for the procedure that was chosen, and not of another one of the same mandate.
func TestDirect_ForOneProcedure(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	x := fixture.Terms(fixture.Tax, fixture.Housing)
	x.Powers[1].Level = procedure.See
	m := s.withTerms(t, x)
	v := s.visit(t, s.Jeanne)
	for key, level := range map[string]procedure.Level{fixture.Tax: procedure.Act, fixture.Housing: procedure.See} {
		claims := s.claimsOf(t, direct, s.traded(t, direct, v.codeFor(direct, m, key)))
		if detail := claims["authorization_details"].([]any)[0].(map[string]any); detail["level"] != string(level) || detail["actions"].([]any)[0] != key {
			t.Errorf("%s: %v", key, detail)
		}
	}
}

// The end of the power for one case ends what is under way for it, and leaves the other one.
func TestUse_OneCaseIsEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	x := fixture.Terms(fixture.Tax, fixture.Tax)
	x.Powers[0].Case, x.Powers[1].Case = "DOSSIER-1", "DOSSIER-2"
	m := s.withTerms(t, x)
	v := s.visit(t, s.Jeanne)
	access := map[int]any{}
	for i := range 2 {
		path := v.begin()
		v.choose(path, m)
		back := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax + ":" + m.Powers[i].Case}}).at()
		access[i] = s.token(t, back.Query().Get("code"))["access_token"]
	}
	if err := s.Mandates.EndPower(t.Context(), s.Jeanne, m.ID, fixture.Tax, m.Powers[0].Case, "citizen"); err != nil {
		t.Fatal(err)
	}
	if a := s.userinfo(t, access[0]); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the end: %d", a.StatusCode)
	}
	if a := s.userinfo(t, access[1]); a.StatusCode != http.StatusOK {
		t.Errorf("the other one: %d", a.StatusCode)
	}
}

// Whom a document identified is never released, and is not offered: neither they, nor, of somebody whom FranceConnect knows, what they gave without it.
func TestUse_NeverBelowFranceConnect(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	low := ""
	for _, theme := range s.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.Identity == procedure.Known && p.Offers(procedure.Act) {
				low = p.Key
			}
		}
	}
	attested := func(identify func(uuid.UUID) error) mandate.Mandate {
		d, err := s.Drafts.Start(t.Context(), s.Jeanne, fixture.Terms(low))
		if err == nil {
			err = identify(d.ID)
		}
		if err == nil {
			s.Witness(t, s.Paul, d.ID)
		}
		var m mandate.Mandate
		if err == nil {
			m, err = s.Mandates.Sign(t.Context(), s.Jeanne, d.ID, s.Agreed(t, s.Jeanne, d.ID))
		}
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	camille := fixture.Citizen(1)
	camille.Sub = ""
	paper := attested(func(id uuid.UUID) error {
		return s.Drafts.ReadDocument(t.Context(), s.Jeanne, id, camille, draft.Documents[0], draft.Who{})
	})
	v, m := s.angela(t, fixture.Tax)
	attested(func(id uuid.UUID) error { return s.Drafts.Recognise(t.Context(), s.Jeanne, id, m.Citizen) })

	path := v.begin()
	if a := v.post(path+"/usager", url.Values{"recherche": {"camille"}}); !strings.Contains(a.body, "a été vue sur un document") || strings.Contains(a.body, "pas confiées") || strings.Contains(a.body, paper.Citizen.String()) {
		t.Errorf("found: %s", a.body)
	}
	if a := v.post(path+"/usager", url.Values{"recherche": {"dubois"}}); strings.Contains(a.body, "a été vue sur un document") || !strings.Contains(a.body, m.Citizen.String()) {
		t.Errorf("found whom FranceConnect knows: %s", a.body)
	}
	if a := v.post(path+"/usager", url.Values{"usager": {paper.Citizen.String()}}); a.StatusCode == http.StatusSeeOther {
		t.Errorf("somebody whom a document identified was chosen: %s", a.at())
	}
	v.choose(path, m)
	if page := v.get(path + "/demarche").body; strings.Contains(page, low) || !strings.Contains(page, fixture.Tax) {
		t.Errorf("offered:\n%s", page)
	}
	if a := v.post(path+"/demarche", url.Values{"demarche": {low}}); a.StatusCode != http.StatusConflict {
		t.Errorf("what was given without FranceConnect: %d %s", a.StatusCode, a.at())
	}
	for _, sql := range []string{
		`update idp_login set state = 'code_issued', mandate_id = citizen_id, procedure = 'x', identified_by = 'known', code_hash = '', code_expires_at = now() where citizen_id is not null`,
		`update idp_login set case_ref = ''`,
	} {
		if _, err := s.Connect(t, s.Superuser).Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "idp_login_fits") {
			t.Errorf("the table took it: %v", err)
		}
	}
}
