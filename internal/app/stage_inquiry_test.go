package app_test

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/notify"
)

const foundWords = "Le mandat a été signé un dimanche, à trois heures du matin."

func (s *stage) inquiries() *inquiry.Register {
	return inquiry.New(s.site.DB, s.site.Journal, s.site.Keys, s.site.Directory, s.site.Mandates, s.site.Clock, notify.Queue)
}

// auditor is another one than Sofia.
func (s *stage) auditor(name string) journal.Actor {
	by := s.site.Newcomer(s.t, journal.Auditor, uuid.Nil, fmt.Sprintf("%s-%d", name, s.n))
	by.FactorAt = s.site.Clock.Now()
	return by
}

// inquiry is one in which another auditor than Sofia found what the route needs: nothing to reply to where it is decided, something grave where something is suspended.
func (s *stage) inquiry() string {
	all, alma := s.inquiries(), s.auditor("enquetrice")
	q, err := all.Open(s.ctx(), alma, 0)
	must(s.t, err)
	route := s.route.Pattern
	ends := func(parts ...string) bool {
		for _, p := range parts {
			if strings.HasSuffix(route, p) {
				return true
			}
		}
		return false
	}
	switch {
	case ends("/mesures", "/levees", "/{finding}", "/{finding}/rapport"):
		m := s.site.Sign(s.t, s.owner.By, fixture.Citizen(s.n), fixture.Tax)
		finding, err := all.Find(s.ctx(), alma, q.ID, inquiry.Finding{Gravity: inquiry.Grave, Organisation: m.Organisation, Mandate: m.ID, Words: foundWords})
		must(s.t, err)
		s.made["{finding}"], s.made["{order}"] = finding.String(), finding.String()+" "+inquiry.OfMandate
		if ends("/levees") {
			must(s.t, all.Suspend(s.ctx(), alma, q.ID, inquiry.Order{Finding: finding, Kind: inquiry.OfMandate}, foundWords))
			whole, err := all.Look(s.ctx(), alma, q.ID)
			must(s.t, err)
			s.made["{measure}"] = whole.Measures[0].ID.String()
		}
		if ends("/{finding}/rapport") {
			must(s.t, all.Reply(s.ctx(), s.site.Odile, finding, foundWords))
			must(s.t, all.Decide(s.ctx(), s.auditor("decideuse"), q.ID, inquiry.Decision{Outcome: inquiry.Warning, Words: foundWords}))
		}
	case ends("/decision", "/cloture", "/reouverture"):
		_, err := all.Find(s.ctx(), alma, q.ID, inquiry.Finding{Gravity: inquiry.None, Words: foundWords})
		must(s.t, err)
		if !ends("/decision") {
			must(s.t, all.Decide(s.ctx(), s.auditor("decideuse"), q.ID, inquiry.Decision{Outcome: inquiry.None, Words: foundWords}))
		}
	}
	return q.ID.String()
}

// finding, order and measure are of the stage's inquiry.
func (s *stage) finding() string { return s.ofInquiry("{finding}") }

func (s *stage) order() string { return s.ofInquiry("{order}") }

func (s *stage) measure() string { return s.ofInquiry("{measure}") }

func (s *stage) ofInquiry(name string) string {
	s.fill("{inquiry}")
	return s.made[name]
}
