package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Somebody whose certificate ends or is suspended keeps their session. Their login ends, as an act.
func TestChoice_RefusesWhoIsNotCertifiedAnyMore(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"suspended": `update certification set state = 'suspended', suspended_at = now() where person_id = $1`,
		"over":      `update certification set certified_at = now() - interval '3 years', certified_until = now() where person_id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			v, m := s.angela(t)
			one, two, three := v.begin(), v.begin(), v.begin()
			v.choose(two, m)
			s.Behind(t, spoil, s.Jeanne.Person)
			for _, a := range []answer{v.post(one+"/usager", url.Values{"usager": {m.Citizen.String()}}), v.post(two+"/demarche", url.Values{"demarche": {fixture.Tax}})} {
				if q := a.at().Query(); a.StatusCode != http.StatusSeeOther || q.Get("error") != "access_denied" || q.Get("state") != state || q.Has("code") {
					t.Errorf("%d %s %s", a.StatusCode, a.at(), a.body)
				}
			}
			if a := v.get("/idp/authorize?" + request().Encode()); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "certification") {
				t.Errorf("authorize: %d %s", a.StatusCode, a.body)
			}
			same(t, "entries", s.entries(t), []entry{{Action: "power.refused", Person: s.Jeanne.Person, Step: "citizen", Reason: "aidant_inactive"},
				{Action: "power.refused", Person: s.Jeanne.Person, Citizen: m.Citizen, Step: "procedure", Reason: "aidant_inactive"},
				{Action: "power.refused", Person: s.Jeanne.Person, Step: "authorize", Reason: "aidant_inactive"}})
			if n := count(t, s, `select count(*) from idp_login where state = 'refused' and refusal = 'aidant_inactive'`); n != 2 {
				t.Errorf("%d logins refused", n)
			}
			if a := v.post(three+"/usager", url.Values{"recherche": {"dubois"}}); name == "suspended" && (strings.Contains(a.body, "DUBOIS") || a.at().Query().Get("error") != "access_denied") {
				t.Errorf("search: %d %s %s", a.StatusCode, a.at(), a.body)
			}
		})
	}
}

// A procedure that the organisation does not do, or that this aidant is not to do, cannot be chosen, whatever the mandate says.
func TestChoice_KeepsToTheProceduresAllowed(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]string{
		"organisation": `update organisation set procedures = array['` + fixture.Housing + `'] where id = $1 and $2::uuid is not null`,
		"aidant":       `update membership set procedures = array['` + fixture.Housing + `'] where organisation_id = $1 and person_id = $2 and role = 'aidant'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			for organisation, role := range map[uuid.UUID]string{s.Here: org.RoleReferent, s.Elsewhere: org.RoleAidant} { // without limits
				if err := s.Directory.Join(t.Context(), journal.Program(), s.Jeanne.Person, organisation, role); err != nil {
					t.Fatal(err)
				}
			}
			v, both := s.angela(t, fixture.Tax, fixture.Housing)
			other := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
			s.Behind(t, limit, s.Here, s.Jeanne.Person)
			path := v.begin()
			if a := v.post(path+"/usager", url.Values{"recherche": {"FICTIF-1"}}); strings.Contains(a.body, other.Citizen.String()) || !strings.Contains(a.body, "ne vous a pas confiées") {
				t.Errorf("search: %d %s", a.StatusCode, a.body)
			}
			if a := v.post(path+"/usager", url.Values{"usager": {other.Citizen.String()}}); a.StatusCode != http.StatusConflict {
				t.Errorf("citizen without an allowed procedure: %d %s", a.StatusCode, a.at())
			}
			v.choose(path, both)
			if a := v.get(path + "/demarche"); strings.Contains(a.body, fixture.Tax) || !strings.Contains(a.body, fixture.Housing) {
				t.Error("the page offers what is not allowed, or not what is")
			}
			if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}); a.StatusCode != http.StatusConflict || a.at().Query().Has("code") || !strings.Contains(a.body, "ne vous l’a pas confiée") {
				t.Errorf("procedure: %d %s", a.StatusCode, a.at())
			}
			got := s.entries(t)
			if last := got[len(got)-1]; len(got) != 2 || last.Step != "procedure" || last.Reason != "not_allowed" || last.Procedure != fixture.Tax {
				t.Errorf("entries %+v", got)
			}
			if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Housing}}); !a.at().Query().Has("code") {
				t.Errorf("what is allowed: %d %s", a.StatusCode, a.body)
			}
		})
	}
}
