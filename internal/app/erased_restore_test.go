package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/app"
	"mandat/internal/apptest"
	"mandat/internal/backup"
	"mandat/internal/clock"
	"mandat/internal/dbtest"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// An older copy of the database brings back who was erased; the ledger, which is not in it, says who that is.
func TestErasure_AfterAnOlderCopyWasRestored(t *testing.T) {
	t.Parallel()
	p := apptest.Prepare(t, dbtest.NewDurable(t))
	p.Run(t)
	jeanne := fresh(p.Site, p.Jeanne)
	angela := fixture.Angela()
	angela.FamilyName, angela.GivenName, angela.Sub = marked["family name"], marked["given name"], "zz-marked-sub"
	m, kept := p.Sign(t, jeanne, angela, fixture.Tax), p.Sign(t, jeanne, fixture.Citizen(2), fixture.Tax)
	must(t, p.Mandates.End(t.Context(), jeanne, m.ID, "citizen"))
	p.Sound(t)
	place, identity := copied(t, p)
	f := &thief{}
	f.steal(t, p.Site)

	who := erasure.Who{Organisation: m.Organisation, Citizen: m.Citizen}
	_, state := p.Folders()
	ledger, _, err := erasure.OpenLedger(filepath.Join(state, erasure.LedgerName))
	must(t, err)
	later := &clock.Clock{}
	later.Advance(time.Until(time.Now().AddDate(erasure.Years, 0, 1)))
	_, err = app.Erasures(p.DB, journal.New(p.DB, later), phonesOf(t, p.Site), later, ledger).Erase(t.Context(), who, erasure.Term)
	must(t, errors.Join(err, ledger.Close()))
	wanted := []string{marked["family name"], marked["given name"], m.Citizen.String()}
	if got := f.find(t, dump(t, p.Site), wanted); slices.ContainsFunc(got, func(place string) bool { return !strings.HasPrefix(place, "journal_entry.") }) {
		t.Errorf("after the erasure: found in %q", got)
	}
	p.Sound(t)

	p.Kill()
	must(t, os.RemoveAll(place.KeysDir))
	d := dbtest.NewDurable(t)
	conn := d.Connect(t, d.Superuser)
	_, err = conn.Exec(t.Context(), `drop schema public cascade; create schema public authorization pg_database_owner; grant usage on schema public to public`)
	must(t, err)
	place.OwnerURL = d.Owner
	checkpoint, err := backup.Restore(t.Context(), place, identity)
	must(t, err)
	if checkpoint {
		t.Error("the checkpoint of the copy took the place of a later one")
	}
	must(t, os.Remove(filepath.Join(state, "checkpoint"))) // the operator's decision
	p.Move(t, d)
	p.Run(t)
	if got := f.find(t, dump(t, p.Site), wanted); !slices.Contains(got, "citizen.identity") || !slices.Contains(got, "mandate.terms") {
		t.Errorf("in the copy: found in %q", got)
	}
	for n, says := range []string{"1 erased again, 0 were not there", "0 erased again, 1 were not there"} {
		p.Sound(t)
		out, err := p.Command(t, "admin", "after-restore", "--ledger", filepath.Join(state, erasure.LedgerName))
		if err != nil || !strings.Contains(out, says) {
			t.Errorf("the %d. time: %v\n%s", n+1, err, out)
		}
	}
	if got := f.find(t, dump(t, p.Site), wanted[:2]); len(got) != 0 {
		t.Errorf("after it was done again: found in %q", got)
	}
	if got := p.Identity(t, p.Here, kept.Citizen); got.FamilyName != fixture.Citizen(2).FamilyName {
		t.Errorf("another citizen is %q", got.FamilyName)
	}
	p.Sound(t)
}
