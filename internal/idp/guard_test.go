package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mandat/internal/fixture"
)

// A session that no longer counts begins nothing, moves nothing and is told nothing of a citizen: the statements of the
// steps ask all that the guard asks.
func TestSteps_AskWhatTheGuardAsks(t *testing.T) {
	t.Parallel()
	const stand = `with p as (update person set suspended_at = null, suspended_why = null), o as (update organisation set active = true), c as (delete from charter where version = 'new')
		update membership set ended_at = null, suspended_at = null`
	const otherAidant = "of somebody else" // who may begin a login of their own
	for name, spoil := range map[string]string{
		"over after 12 hours":      `update session set created_at = now() - interval '13 hours', expires_at = now() - interval '1 second' where id = $1`,
		"not used for 30 minutes":  `update session set created_at = now() - interval '2 hours', seen_at = now() - interval '31 minutes' where id = $1`,
		"ended":                    `delete from session where id = $1`,
		"another secret since":     `update session set cookie = sha256(cookie) where id = $1`,
		otherAidant:                `update session set person_id = (select id from person p where p.id <> person_id limit 1) where id = $1`,
		"person suspended":         `update person set suspended_at = now(), suspended_why = 'decided' where id = (select person_id from session where id = $1)`,
		"organisation closed":      `update organisation set active = false where id = (select organisation_id from session where id = $1)`,
		"no member any more":       `update membership set ended_at = now() where person_id = (select person_id from session where id = $1)`,
		"suspended there":          `update membership set suspended_at = now() where person_id = (select person_id from session where id = $1)`,
		"signed in to enrol":       `update session set enrolling = true where id = $1`,
		"a new charter":            `insert into charter (version, sha256, published_at) select 'new', sha256('new'), now() + interval '1 hour' from session where id = $1`,
		"no member as signed in":   `update session set role = 'referent' where id = $1`,
		"signed in as an auditor":  `update session set role = 'auditor', organisation_id = null where id = $1`,
		"signed in for another":    `update session set organisation_id = (select id from organisation o where o.id <> organisation_id limit 1) where id = $1`,
		"nobody signed in with it": `update session set person_id = null, organisation_id = null, role = null, factor_at = null, factor_kind = null where id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
			for what, ask := range map[string]func(v *visitor, path string) answer{
				"search": func(v *visitor, path string) answer { return v.get(path + "/usager") },
				"citizen": func(v *visitor, path string) answer {
					return v.post(path+"/usager", url.Values{"usager": {m.Citizen.String()}})
				},
				"procedures": func(v *visitor, path string) answer { return v.get(path + "/demarche") },
				"procedure": func(v *visitor, path string) answer {
					return v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}})
				},
				"authorize": func(v *visitor, _ string) answer { return v.get("/idp/authorize?" + request().Encode()) },
			} {
				if name == otherAidant && what == "authorize" {
					continue
				}
				s.Behind(t, stand)
				v := s.visit(t, s.Jeanne) // the guard ends a session that it refuses
				path, state := v.begin(), "requested"
				if strings.HasPrefix(what, "procedure") {
					v.choose(path, m)
					state = "citizen_chosen"
				}
				s.Behind(t, spoil, v.by.Session)
				before := count(t, s, `select count(*) from idp_login`)
				a := ask(v, path)
				if to := a.at(); a.StatusCode == http.StatusOK || strings.HasPrefix(to.Path, "/idp/logins/") || to.Query().Has("code") || strings.Contains(a.body, "FICTIF") {
					t.Errorf("%s: %d %s", what, a.StatusCode, to)
				}
				if count(t, s, `select count(*) from idp_login where id = $1 and state = $2`, strings.TrimPrefix(path, "/idp/logins/"), state) != 1 ||
					count(t, s, `select count(*) from idp_login`) != before {
					t.Errorf("%s: a login began or moved", what)
				}
			}
		})
	}
}
