package app_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// A login that is under way when its citizen is erased gives nothing: its code is worth nothing, and its token is not either.
func TestErasure_OfACitizenOfALoginUnderWay(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	v := site.Visit(t, site.Jeanne)
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	v.Confirm(m.Citizen)
	access := site.Token(t, v.MustCode(m.Citizen, fixture.Tax))
	code := v.MustCode(m.Citizen, fixture.Tax)
	must(t, site.Mandates.End(t.Context(), site.Jeanne, m.ID, "citizen"))
	must(t, site.App.CatchUp(t.Context()))
	_, err := erasures(t, site, nil).Erase(t.Context(), erasure.Who{Organisation: m.Organisation, Citizen: m.Citizen}, erasure.Again)
	must(t, err)
	if a, err := site.UserInfo(t.Context(), access); err != nil || a.Status != http.StatusUnauthorized {
		t.Errorf("an identity for a token: %d, %v", a.Status, err)
	}
	if a, err := site.Redeem(t.Context(), code); err != nil || a.Status != http.StatusBadRequest {
		t.Errorf("a token for a code: %d, %v", a.Status, err)
	}
	if n := site.Number(t, `select count(*) from idp_login where citizen_id = $1`, m.Citizen); n != 0 {
		t.Errorf("%d logins are left", n)
	}
}

// Identities are asked for while their citizens' mandates end and they are erased: each is released before, or not at all, and nothing of it is left.
func TestErasure_WhileIdentitiesAreReleased(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	v := site.Visit(t, site.Jeanne)
	type one struct {
		who    erasure.Who
		id     uuid.UUID
		access string
	}
	var all []one
	for n := range 6 {
		m := site.Sign(t, site.Jeanne, fixture.Citizen(n), fixture.Tax)
		v.Confirm(m.Citizen)
		all = append(all, one{erasure.Who{Organisation: m.Organisation, Citizen: m.Citizen}, m.ID, site.Token(t, v.MustCode(m.Citizen, fixture.Tax))})
	}
	reg := erasures(t, site, nil)
	var group sync.WaitGroup
	for _, c := range all {
		group.Go(func() {
			a, err := site.UserInfo(t.Context(), c.access)
			if err != nil || a.Status != http.StatusOK && a.Status != http.StatusUnauthorized {
				t.Errorf("an identity: %d, %v", a.Status, err)
			}
		})
		group.Go(func() {
			if err := site.Mandates.End(t.Context(), site.Jeanne, c.id, "citizen"); err != nil {
				t.Error(err)
				return
			}
			for {
				_, err := reg.Erase(t.Context(), c.who, erasure.Again)
				if err == nil {
					return
				}
				if !errors.Is(err, journal.ErrNotProvable) {
					t.Error(err)
					return
				}
				if err := site.App.CatchUp(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	must(t, site.App.CatchUp(t.Context()))
	must(t, reg.CarryOut(t.Context()))
	for _, c := range all {
		if n := site.Number(t, `select (select count(*) from idp_login where citizen_id = $1) + (select count(*) from report_use where citizen_id = $1) + (select count(*) from mandate where citizen_id = $1)
			+ (select count(*) from journal_entry where citizen_id = $1 and action not in ('citizen.erased', 'entries.forgotten'))`, c.who.Citizen); n != 0 {
			t.Errorf("%d rows and entries about one are left", n)
		}
		if _, err := reg.Erase(t.Context(), c.who, erasure.Again); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("erased again: %v", err)
		}
	}
}
