package decision_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mandat/internal/client"
	"mandat/internal/decision"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// A yes says what it rests on, the same way each time, and is one entry a day.
func TestDecide_Yes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
	n := s.named(t, impots, s.Jeanne, m)
	id, err := mandate.Identifier(s.Keys, m.Organisation, m.ID, impots)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"decision": true, "context": map[string]any{"mandate": id, "level": "act", "identified_by": "franceconnect", "valid_until": m.Powers[0].EndsAt.UTC().Format(time.RFC3339)}}
	for range 3 {
		got := map[string]any{}
		if err := json.Unmarshal([]byte(s.says(t, impots, asked(n), true).body), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	given := entry{Action: "decision.given", Citizen: m.Citizen, Mandate: m.ID, Client: impots, Person: s.Jeanne.Person.String(), Procedure: fixture.Tax}
	if diff := cmp.Diff([]entry{given}, s.entries(t)); diff != "" {
		t.Error(diff)
	}
	s.says(t, impots, asked(n, "context.level", "see"), true) // another question
	s.Clock.Advance(24 * time.Hour)
	s.callers[impots] = s.caller(t, &clients()[0])
	s.says(t, impots, asked(n), true)
	if diff := cmp.Diff([]entry{given, given, given}, s.entries(t)); diff != "" {
		t.Error(diff)
	}
}

// spoiled is a way in which a yes becomes a no, and the reason that stands in the entry.
type spoiled struct {
	reason  string
	spoil   func(t *testing.T, s *site, m mandate.Mandate)
	changes []string // of the question
}

func sql(text string) func(*testing.T, *site, mandate.Mandate) {
	return func(t *testing.T, s *site, _ mandate.Mandate) { s.Behind(t, text, s.Jeanne.Person) }
}

func ofPowers(text string) func(*testing.T, *site, mandate.Mandate) {
	return func(t *testing.T, s *site, m mandate.Mandate) { s.Behind(t, text, m.ID) }
}

// Every reason is told to nobody who asks: the bytes and the header are the same. It stands in the entry, with the mandate that was nearest.
func TestDecide_EveryNoIsTheSame(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]spoiled{
		"not served":             {"not_served", nil, []string{"action.name", fixture.Housing}},
		"not in the catalogue":   {"not_served", nil, []string{"action.name", "nothing-of-the-sort-" + strings.Repeat("x", 200)}},
		"organisation suspended": {"organisation_inactive", sql(`update organisation set active = false where id in (select organisation_id from membership where person_id = $1)`), nil},
		"aidant suspended":       {"aidant_inactive", sql(`update person set suspended_at = now(), suspended_why = 'decided' where id = $1`), nil},
		"suspended there":        {"aidant_inactive", sql(`update membership set suspended_at = now() where person_id = $1`), nil},
		"aidant left":            {"aidant_inactive", sql(`update membership set ended_at = now() where person_id = $1`), nil},
		"not certified":          {"aidant_inactive", sql(`update certification set state = 'suspended', suspended_at = now() where person_id = $1`), nil},
		"certificate over":       {"aidant_inactive", sql(`update certification set certified_at = now() - interval '3 years', certified_until = now() where person_id = $1`), nil},
		"charter not accepted":   {"aidant_inactive", sql(`delete from charter_acceptance where person_id = $1`), nil},
		"organisation limited": {"not_allowed",
			sql(`update organisation set procedures = array['` + fixture.Housing + `'] where id in (select organisation_id from membership where person_id = $1)`), nil},
		"aidant limited":   {"not_allowed", sql(`update membership set procedures = array['` + fixture.Housing + `'] where person_id = $1`), nil},
		"never given":      {"no_power", ofPowers(`update mandate_power set procedure = '` + fixture.Housing + `' where mandate_id = $1 and procedure = '` + fixture.Tax + `'`), nil},
		"for another case": {"case", ofPowers(`update mandate_power set case_ref = repeat('a', 32) where mandate_id = $1`), []string{"context.case", "2026-42"}},
		"for one case":     {"case", ofPowers(`update mandate_power set case_ref = repeat('a', 32) where mandate_id = $1`), nil},
		"has yet to begin": {"scheduled", ofPowers(`update mandate_power set state = 'scheduled', starts_at = now() + interval '1 day' where mandate_id = $1`), nil},
		"over":             {"expired", ofPowers(`update mandate_power set starts_at = now() - interval '2 days', ends_at = now() - interval '1 second' where mandate_id = $1`), nil},
		"ended": {"ended", func(t *testing.T, s *site, m mandate.Mandate) {
			if err := s.Mandates.End(t.Context(), s.Jeanne, m.ID, "citizen"); err != nil {
				t.Fatal(err)
			}
		}, nil},
		"suspended":         {"suspended", ofPowers(`update mandate_power set suspended_at = now() where mandate_id = $1`), nil},
		"level too low":     {"level", nil, []string{"context.level", "sign"}},
		"identity too weak": {"identity", ofPowers(`update mandate_power set identified_by = 'witnessed' where mandate_id = $1`), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
			n := s.named(t, impots, s.Jeanne, m)
			s.says(t, impots, asked(n), true)
			if c.spoil != nil {
				c.spoil(t, s, m)
			}
			for range 2 {
				if a := s.says(t, impots, asked(n, c.changes...), false); a.body != no {
					t.Errorf("%s", a.body)
				}
			}
			got := s.entries(t)[1:]
			if len(got) != 1 || got[0].Reason != c.reason || got[0].Action != "decision.refused" || got[0].Citizen != m.Citizen || got[0].Person != s.Jeanne.Person.String() {
				t.Errorf("entries %+v", got)
			}
			if known := got[0].Procedure != ""; known != (name != "not in the catalogue") {
				t.Errorf("the entry names %q", got[0].Procedure)
			}
			if near := c.reason != "no_power" && c.reason != "not_served"; near != (got[0].Mandate == m.ID) {
				t.Errorf("the entry is about %s", got[0].Mandate)
			}
		})
	}
}

// Whom a service was never told of, it is told nothing of: not who another service knows, nor who works or is helped elsewhere. It is counted, and no entry names anybody.
func TestDecide_Strangers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m, other := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax), s.Sign(t, s.Ines, fixture.Citizen(1), fixture.Tax)
	n, theirs, elsewhere := s.named(t, impots, s.Jeanne, m), s.named(t, caf, s.Jeanne, m), s.named(t, impots, s.Ines, other)
	s.says(t, impots, asked(n), true)
	s.says(t, caf, asked(theirs), true)
	const otherSIRET = "35600000000048"
	strangers := map[string]string{
		"another sector's aidant":  asked(names{theirs.actor, n.citizen}),
		"another sector's citizen": asked(names{n.actor, theirs.citizen}),
		"nobody":                   asked(names{strings.Repeat("A", 43), n.citizen}),
		"no citizen":               asked(names{n.actor, strings.Repeat("A", 43)}),
		"another organisation":     asked(n, "subject.properties.organisation", otherSIRET),
		"no organisation":          asked(n, "subject.properties.organisation", "00000000000000"),
		"another's aidant":         asked(names{elsewhere.actor, n.citizen}),
		"another's citizen":        asked(names{n.actor, elsewhere.citizen}),
		"whoever is known":         asked(names{n.citizen, n.actor}),
	}
	for name, body := range strangers {
		if a := s.says(t, impots, body, false); a.body != no {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	if got := s.entries(t); len(got) != 2 {
		t.Errorf("entries %+v", got)
	}
	if got := s.count(t, `select count(*) from security_event where kind = $1`, decision.Unknown); got != len(strangers) {
		t.Errorf("%d of %d were counted", got, len(strangers))
	}
}

// What a service needs decides too: one that takes whom an aidant knows is told yes where another is told no.
func TestDecide_AsSurelyAsTheServiceWants(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
	strict, mild := s.named(t, impots, s.Jeanne, m), s.named(t, lenient, s.Jeanne, m)
	s.Behind(t, `update mandate_power set identified_by = 'known' where mandate_id = $1`, m.ID)
	s.says(t, impots, asked(strict), false)
	if a := s.says(t, lenient, asked(mild), true); !strings.Contains(a.body, `"identified_by":"known"`) {
		t.Error(a.body)
	}
}

// A power for one file is a yes for that file, however its reference is written, and for no other; among several powers the one that is enough counts.
func TestDecide_OfOneCase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.signed(t, terms.Asked{Procedure: fixture.Tax, Level: procedure.Act, Case: "AB 2026-42"}, terms.Asked{Procedure: fixture.Tax, Level: procedure.Sign, Case: "77"})
	n := s.named(t, impots, s.Jeanne, m)
	s.says(t, impots, asked(n, "context.case", "ab2026-42"), true)
	if a := s.says(t, impots, asked(n, "context.case", "77", "context.level", "sign"), true); !strings.Contains(a.body, `"level":"sign"`) {
		t.Error(a.body)
	}
	s.says(t, impots, asked(n, "context.case", "AB 2026-42", "context.level", "sign"), false)
	s.says(t, impots, asked(n, "context.case", "AB 2026-43"), false)
	s.says(t, impots, asked(n), false)
	all := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
	s.says(t, lenient, asked(s.named(t, lenient, s.Jeanne, all), "context.case", "AB 2026-43"), true) // a power for every file
	reasons := map[string]int{}
	for _, e := range s.entries(t) {
		reasons[e.Reason]++
	}
	if diff := cmp.Diff(map[string]int{"": 3, "level": 1, "case": 1}, reasons); diff != "" {
		t.Error(diff)
	}
}

// Of several mandates that were ended, the entry names the last.
func TestDecide_NamesTheNearest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var last mandate.Mandate
	for range 3 {
		last = s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
		if err := s.Mandates.End(t.Context(), s.Jeanne, last.ID, "completed"); err != nil {
			t.Fatal(err)
		}
	}
	s.says(t, impots, asked(s.named(t, impots, s.Jeanne, last)), false)
	if got := s.entries(t); len(got) != 1 || got[0].Mandate != last.ID || got[0].Reason != "ended" {
		t.Errorf("entries %+v, want one about %s", got, last.ID)
	}
}

// signed draws up and signs a mandate of these powers for Angela Dubois.
func (s *site) signed(t *testing.T, powers ...terms.Asked) mandate.Mandate {
	t.Helper()
	wanted := fixture.Terms(fixture.Tax)
	wanted.Powers = powers
	d, err := s.Drafts.Start(t.Context(), s.Jeanne, wanted)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Drafts.Identify(t.Context(), s.Jeanne, d.ID, fixture.Angela(), s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	m, err := s.Mandates.Sign(t.Context(), s.Jeanne, d.ID, s.Agreed(t, s.Jeanne, d.ID))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Who may not ask is told so, and asks about nobody.
func TestDecide_WhoMayAsk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
	n := s.named(t, impots, s.Jeanne, m)
	good, other := s.callers[impots], s.callers[caf]
	for name, c := range map[string]struct {
		service string
		headers []string
		status  int
		code    string
	}{
		"not entitled":         {quiet, nil, http.StatusForbidden, "insufficient_scope"},
		"no token":             {"", nil, http.StatusUnauthorized, "invalid_token"},
		"no proof":             {impots, []string{"DPoP", ""}, http.StatusUnauthorized, "invalid_dpop_proof"},
		"as a bearer token":    {impots, []string{"Authorization", "Bearer " + good.token}, http.StatusUnauthorized, "invalid_token"},
		"another's key":        {impots, []string{"DPoP", s.proof(t, caller{other.key, good.token})}, http.StatusUnauthorized, "invalid_token"},
		"another's token":      {impots, []string{"Authorization", "DPoP " + other.token}, http.StatusUnauthorized, "invalid_dpop_proof"},
		"no JSON by its label": {impots, []string{"Content-Type", "text/plain"}, http.StatusBadRequest, "invalid_request"},
	} {
		a, _ := s.ask(t, c.service, asked(n), c.headers...)
		var body struct{ Error string }
		if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.StatusCode != c.status || body.Error != c.code {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	proof := s.proof(t, good)
	for n, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		if a, _ := s.ask(t, impots, asked(names{"a", "b"}), "DPoP", proof); a.StatusCode != want {
			t.Errorf("proof for the %dth time: %d %s", n+1, a.StatusCode, a.body)
		}
	}
	if got := s.entries(t); len(got) != 0 {
		t.Errorf("entries %+v", got)
	}
}

// Who asks too often, or with tokens that are none, is told when to come back.
func TestDecide_Limits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	known, err := s.clients.Find(t.Context(), impots)
	if err != nil {
		t.Fatal(err)
	}
	drained, stop := make(chan bool), make(chan bool)
	go func() { // as many questions as the service may ask, and every one that it may ask again meanwhile
		defer close(drained)
		for {
			select {
			case <-stop:
				return
			default:
				_ = s.gate.Spend(known)
			}
		}
	}()
	slowed := false
	for range 100 {
		a, _ := s.ask(t, impots, asked(names{"a", "b"}))
		if slowed = a.StatusCode == http.StatusTooManyRequests && a.Header.Get("Retry-After") != ""; slowed {
			break
		}
	}
	close(stop)
	<-drained
	if !slowed {
		t.Error("a service is not slowed down")
	}
	s.says(t, caf, asked(names{"a", "b"}), false) // its allowance is its own
	slowed = false
	for range 100 {
		r := httptest.NewRequest(http.MethodPost, "/api/decision", http.NoBody)
		r.RemoteAddr = "203.0.113.9:4242"
		r.Header.Set("Authorization", "DPoP "+strings.Repeat("A", 43))
		_, err := s.point.Who(r)
		if refusal, ok := errors.AsType[*oidc.Error](err); ok && refusal.Code == oidc.SlowDown {
			slowed = true
			break
		}
	}
	if !slowed {
		t.Error("who has no token is not slowed down")
	}
}

// Who is found out to be asking, by whatever way, may ask only if its registration says so.
func TestDecide_TheRegistrationDecides(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for id, want := range map[string]int{impots: http.StatusOK, quiet: http.StatusForbidden} {
		s.point.Who = func(r *http.Request) (*client.Client, error) { return s.clients.Find(r.Context(), id) }
		if a, _ := s.ask(t, "", asked(names{"a", "b"})); a.StatusCode != want {
			t.Errorf("%s: %d %s", id, a.StatusCode, a.body)
		}
	}
}

// What is no question is refused with what is wrong, by the description and by us alike.
func TestDecide_RefusesWhatIsNoQuestion(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := names{"a", "b"}
	for name, body := range map[string]string{
		"empty":            ``,
		"not JSON":         `subject`,
		"a list":           `[]`,
		"no aidant":        asked(n, "subject.id", ""),
		"other subject":    asked(n, "subject.type", "citizen"),
		"other resource":   asked(n, "resource.type", "aidant"),
		"no citizen":       asked(n, "resource.id", ""),
		"no action":        asked(n, "action.name", ""),
		"no organisation":  asked(n, "subject.properties.organisation", ""),
		"a SIREN":          asked(n, "subject.properties.organisation", "217500016"),
		"another time":     asked(n, "context.at", "2026-01-01T00:00:00Z"),
		"unknown level":    asked(n, "context.level", "all"),
		"unknown member":   asked(n, "options", "x"),
		"a long reference": asked(n, "context.case", strings.Repeat("é", 65)),
		"a long name":      asked(n, "subject.id", strings.Repeat("a", 257)),
		"a number":         strings.Replace(asked(n), `"a"`, `1`, 1),
		"null":             strings.Replace(asked(n), `{"name":"`+fixture.Tax+`"}`, `null`, 1),
	} {
		a, question := s.ask(t, impots, body)
		if a.StatusCode != http.StatusBadRequest || question {
			t.Errorf("%s: %d %s (a question: %v)", name, a.StatusCode, a.body, question)
		}
		if whole := name == "unknown member"; whole != strings.Contains(a.body, "in the question\"") {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	// JSON Schema cannot say these.
	for name, body := range map[string]string{
		"too large":          asked(n) + strings.Repeat(" ", 8<<10),
		"twice":              strings.Replace(asked(n), `"action"`, `"action":{"name":"x"},"action"`, 1),
		"something more":     asked(n) + `{}`,
		"control characters": asked(n, "subject.id", "a\x00"),
		"not UTF-8":          strings.Replace(asked(n), `"a"`, "\"\xff\"", 1),
	} {
		if a, _ := s.ask(t, impots, body); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	if events := s.count(t, `select count(*) from security_event`); events != 0 {
		t.Errorf("%d were counted", events)
	}
}

// What was answered is forgotten after a month, and can be told of in no row that has no entry.
func TestAnswers_AreKeptAMonth(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
	s.says(t, impots, asked(s.named(t, impots, s.Jeanne, m)), true)
	s.Clock.Advance(30 * 24 * time.Hour)
	if err := s.point.Purge(t.Context()); err != nil || s.count(t, `select count(*) from decision_answer`) != 1 {
		t.Errorf("purged too early: %v", err)
	}
	s.Clock.Advance(2 * 24 * time.Hour)
	if err := s.point.Purge(t.Context()); err != nil || s.count(t, `select count(*) from decision_answer`) != 0 {
		t.Errorf("not purged: %v", err)
	}
	conn := s.Connect(t, s.App)
	if _, err := conn.Exec(t.Context(), `select set_config('mandat.system', 'on', false)`); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Exec(t.Context(), `insert into decision_answer (client, organisation_id, person_id, citizen_id, procedure, case_ref, level, day, reason, mandate_id, answered_at)
		values ('impots', $1, $2, $3, $4, '', 'act', current_date, 'ended', $5, now())`, m.Organisation, s.Jeanne.Person, m.Citizen, fixture.Tax, uuid.Nil)
	if err == nil || !strings.Contains(err.Error(), "without its entry") {
		t.Errorf("an answer without its entry: %v", err)
	}
}
