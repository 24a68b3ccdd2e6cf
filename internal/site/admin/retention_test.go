package admin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/retention"
)

// retentionPages are the pages about how long things are kept, in all their states.
func retentionPages() []shownPage {
	policy := retention.Policy{Key: "security_log", Unit: "month", Amount: 12, Least: 6, Most: 12}
	fixed := retention.Policy{Key: "mandates", Unit: "year", Amount: 6, Least: 6, Most: 6, Last: retention.Run{At: now, Done: 1, Total: 1200}}
	changed := policy
	changed.ChangedAt = now
	return []shownPage{
		{"admin/retention.html", func() page.Page {
			return &retentionPage{Common: page.Common{Title: "keep.title"}, Kept: []retention.Look{{Policy: fixed, Due: 2, Held: 1}, {Policy: changed}, {Policy: retention.Policy{Key: "proofs", Unit: "minute"}}}, Holds: 2, Notice: "keep.changed"}
		}},
		{"admin/policy.html", func() page.Page {
			return &policyPage{Common: page.Common{Title: "keep.change_title", Form: mistaken(url.Values{"amount": {"99"}}, "amount", "keep.wrong_amount")}, Policy: policy}
		}},
		{"admin/policy.html", func() page.Page {
			return &policyPage{Common: page.Common{Title: "keep.change_title"}, Policy: policy, Trial: &retention.Trial{ID: someID, Policy: policy, Amount: 6, Due: 1, DueNow: 0, Held: 1, Made: now}, Notice: "keep.changed"}
		}},
		{"admin/holds.html", func() page.Page {
			return &holdsPage{Common: page.Common{Title: "keep.holds.title", Form: mistaken(nil, "siret", "keep.holds.wrong.siret", "citizen", "keep.holds.wrong.citizen", "reason", "keep.holds.wrong.reason", "until", "keep.holds.wrong.until")}, Reasons: erasure.HoldReasons, Whys: erasure.ReleaseReasons}
		}},
		{"admin/holds.html", func() page.Page {
			h := erasure.Hold{ID: someID, Organisation: someID, Citizen: someID, Reason: "litigation", HeldAt: now, Until: later, HeldBy: someID}
			all := h
			all.ID[15]++
			return &holdsPage{Common: page.Common{Title: "keep.holds.title"}, Reasons: erasure.HoldReasons, Whys: erasure.ReleaseReasons, Notice: "keep.holds.made",
				Holds: []holdLine{{Hold: h, Organisation: house.Name, By: "Ada Fictif"}, {Hold: all, Organisation: house.Name, By: "Ada Fictif", Everybody: true}}}
		}},
		{"admin/holds.html", func() page.Page {
			h := erasure.Hold{ID: someID, Organisation: someID, Citizen: someID, Reason: "litigation", HeldAt: now, Until: later, HeldBy: someID}
			was := h
			was.ReleasedAt, was.ReleasedBy = &now, someID
			why := was
			why.ReleaseReason = "mistaken"
			return &holdsPage{Common: page.Common{Title: "keep.holds.title", Form: mistaken(nil, "why", "keep.holds.wrong.why")}, Reasons: erasure.HoldReasons, Whys: erasure.ReleaseReasons, Ending: someID, Holds: []holdLine{{Hold: h, Organisation: house.Name, By: "Ada Fictif"}},
				Released: []holdLine{{Hold: was, Organisation: house.Name, By: "Ada Fictif", ReleasedBy: "Ada Fictif"}, {Hold: why, Organisation: house.Name, By: "Ada Fictif", ReleasedBy: "Alan Fictif", Everybody: true}}}
		}},
	}
}

// The page counts and changes nothing; a period is tried, looked at, put in force, and stands in the journal.
func TestRetention_TryThenChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Behind(t, `insert into security_event (at, kind, network) values ($1, 'sign_in.unknown', '192.0.2.0/24')`, o.Clock.Now().AddDate(0, -8, 0))
	b := o.enter(t)
	b.Want(b.Get("/admin"), 200, "/admin/conservation")
	b.Want(b.Get("/admin/conservation"), 200, "Journal de sécurité", "6 ans", "/admin/conservation/security_log", "CNIL", "Pas encore de passage")
	b.Want(b.Get("/admin/conservation/security_log"), 200, "12 mois")
	for _, fixed := range []string{"mandates", "nothing", "drafts"} {
		b.Want(b.Get("/admin/conservation/"+fixed), 404)
		b.Want(b.Post("/admin/conservation/"+fixed, "amount", "5"), 404)
	}
	for _, wrong := range []string{"5", "13", "12", "", "many", "-7"} {
		b.Want(b.Post("/admin/conservation/security_log", "amount", wrong), 422, "Donnez une autre durée")
	}
	b.Want(b.Post("/admin/conservation/security_log", "amount", "7"), 303, "/admin/conservation/security_log")
	b.Want(b.Get("/admin/conservation/security_log"), 200, "7 mois", "1 à effacer", "au lieu de 0", "Appliquer cette durée")
	o.wantCount(t, 1, `select count(*) from security_event`)
	trial := o.trial(t)

	alan := o.Visit(t, o.alan, o.Clock.Now())
	if a := alan.Want(alan.Get("/admin/conservation/security_log"), 200); strings.Contains(a.Body, "Appliquer") {
		t.Error("somebody else's dry run is offered")
	}
	alan.Want(alan.Post("/admin/conservation/security_log/changement", "trial", trial), 409, "ne vaut plus")
	b.Want(b.Post("/admin/conservation/security_log/changement", "trial", "x"), 404)
	late := o.Visit(t, o.ada, o.Clock.Now().Add(-org.FactorLife-time.Minute))
	late.Want(late.Post("/admin/conservation/security_log/changement", "trial", trial), 303)
	o.wantCount(t, 0, `select count(*) from journal_entry where action = 'retention.changed'`)
	b.Want(b.Post("/admin/conservation/security_log/changement", "trial", trial), 303, "/admin/conservation/security_log")
	b.Want(b.Get("/admin/conservation/security_log"), 200, "La nouvelle durée est appliquée", "7 mois")
	b.Want(b.Post("/admin/conservation/security_log/changement", "trial", trial), 409)
	o.wantCount(t, 1, `select count(*) from journal_entry where action = 'retention.changed'`)
}

func (o *office) trial(t *testing.T) (id string) {
	t.Helper()
	if err := o.Connect(t, o.Superuser).QueryRow(t.Context(), `select id::text from retention_trial`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func (o *office) wantCount(t *testing.T, want int, sql string, args ...any) {
	t.Helper()
	if got := o.Count(t, sql, args...); got != want {
		t.Errorf("%s: %d, want %d", sql, got, want)
	}
}

// A hold is made for a reason and a time, shown by pseudonym, and released.
func TestHolds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	b := o.enter(t)
	until := o.Clock.Now().AddDate(0, 2, 0).Format("02/01/2006")
	b.Want(b.Get("/admin/gels"), 200, "Aucun gel en cours")
	b.Want(b.Post("/admin/gels"), 422, "Donnez le SIRET", "Dites pourquoi", "Donnez un jour à venir")
	b.Want(b.Post("/admin/gels", "siret", known, "citizen", "x", "reason", "curiosity", "until", "01/01/2020"), 422, "Donnez le SIRET", "n’en est pas un", "Dites pourquoi", "Donnez un jour à venir")
	b.Want(b.Post("/admin/gels", "siret", "217 500 016 00019", "citizen", someID.String(), "reason", "litigation", "until", until), 422, "ne connaît personne")
	b.Want(b.Post("/admin/gels", "siret", "217 500 016 00019", "citizen", m.Citizen.String(), "reason", "litigation", "until", until), 303, "/admin/gels")
	b.Want(b.Post("/admin/gels", "siret", "21750001600019", "reason", "inspection", "until", until), 303, "/admin/gels")
	a := b.Want(b.Get("/admin/gels"), 200, "Le gel est posé", m.Citizen.String(), "Un litige est en cours", "Toutes les personnes aidées", "Un contrôle est en cours", "ada Fictif")
	if strings.Contains(a.Body, fixture.Angela().FamilyName) {
		t.Error("an administrator reads a citizen's name")
	}
	b.Want(b.Get("/admin/conservation"), 200, "Gels (2 en cours)")
	late := o.Visit(t, o.ada, o.Clock.Now().Add(-org.FactorLife-time.Minute))
	late.Want(late.Post("/admin/gels", "siret", "21750001600019", "reason", "inspection", "until", until), http.StatusSeeOther)
	o.wantCount(t, 2, `select count(*) from erasure_hold`)
	var hold string
	if err := o.Connect(t, o.Superuser).QueryRow(t.Context(), `select id::text from erasure_hold where citizen_id = $1`, m.Citizen).Scan(&hold); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Post("/admin/gels/"+hold+"/levee"), 422, "field-why")
	o.wantCount(t, 0, `select count(*) from erasure_hold where released_at is not null`)
	b.Want(b.Post("/admin/gels/"+hold+"/levee", "why", "lifted"), 303, "/admin/gels")
	o.wantCount(t, 1, `select count(*) from erasure_hold where release_reason = 'lifted'`)
	b.Want(b.Get("/admin/gels"), 200, "Le gel est levé", "Gels levés", "n’en a plus besoin")
	b.Want(b.Post("/admin/gels/"+hold+"/levee", "why", "lifted"), 404)
	o.wantCount(t, 1, `select count(*) from erasure_hold where released_at is null`)
}
