package backchannel_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/backchannel"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// forgetJobs takes the jobs away that were asked for so far.
func (h *hall) forgetJobs(t *testing.T) {
	t.Helper()
	h.Behind(t, `delete from river_job where args ->> 'name' = $1`, backchannel.Job)
}

// The end of a mandate asks for the jobs of its own uses of which nobody was told, whatever else has ended.
func TestEnded_OfOneMandate(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	m, other := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax), h.Sign(t, h.Jeanne, fixture.Citizen(1), fixture.Tax)
	login, told := h.open(t, "a", m, fixture.Tax), h.open(t, "b", m, fixture.Tax)
	h.open(t, "a", other, fixture.Tax)
	h.Behind(t, `update backchannel_session set told_at = now(), over_at = now() where login_id = $1`, told)
	h.Behind(t, `update mandate_power set state = 'ended', ended_at = now(), end_reason = 'citizen'`)
	h.write(t, func(tx *db.Tx) { backchannel.Ended(tx, h.Clock.Now(), m.ID) })
	only(t, "one mandate", h.wanted(t), login)
	h.forgetJobs(t)
	h.write(t, func(tx *db.Tx) { backchannel.Close(tx, h.Clock.Now(), told) })
	only(t, "one that was told", h.wanted(t))
}

// A use is of one case: that another one's power stands does not carry it. Nor does work for another organisation.
func TestSweep_OfThatPowerAndThatOrganisation(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*hall, uuid.UUID){
		"another case": func(h *hall, mandate uuid.UUID) {
			h.Behind(t, `update mandate_power set case_ref = repeat('a', 32) where mandate_id = $1`, mandate)
		},
		"another organisation": func(h *hall, mandate uuid.UUID) {
			if err := h.Directory.Join(t.Context(), journal.Program(), h.Jeanne.Person, h.Elsewhere, org.RoleAidant); err != nil {
				t.Fatal(err)
			}
			h.Behind(t, `update membership set ended_at = now() where person_id = $1 and organisation_id = (select organisation_id from mandate where id = $2)`, h.Jeanne.Person, mandate)
		},
	} {
		h := newHall(t)
		m := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax)
		login := h.open(t, "a", m, fixture.Tax)
		h.sweep(t)
		only(t, name+": before", h.wanted(t))
		spoil(h, m.ID)
		h.sweep(t)
		only(t, name, h.wanted(t), login)
	}
}

// What a service closes is that use alone, and its hour is the first.
func TestClose(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	m := h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax)
	login, closed, open := h.open(t, "a", m, fixture.Tax), h.open(t, "b", m, fixture.Tax), h.open(t, "a", m, fixture.Tax)
	h.write(t, func(tx *db.Tx) { backchannel.Close(tx, h.Clock.Now(), closed) })
	h.forgetJobs(t)
	first := h.Clock.Now().Truncate(time.Microsecond)
	h.write(t, func(tx *db.Tx) { backchannel.Close(tx, first, login) })
	only(t, "closed", h.wanted(t), login)
	h.write(t, func(tx *db.Tx) { backchannel.Close(tx, first.Add(time.Minute), login) })
	var at time.Time
	var others int
	err := h.Connect(t, h.Superuser).QueryRow(t.Context(), `select (select over_at from backchannel_session where login_id = $1), (select count(*) from backchannel_session where login_id = $2 and over_at is not null)`,
		login, open).Scan(&at, &others)
	if err != nil || !at.Equal(first) || others != 0 {
		t.Errorf("over at %v, want %v; %d others; %v", at, first, others, err)
	}
}

// A job that runs once more says nothing more.
func TestTell_Once(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	login := h.open(t, "a", h.Sign(t, h.Jeanne, fixture.Angela(), fixture.Tax), fixture.Tax)
	for range 2 {
		if err := h.services.Kind().Work(t.Context(), login, false); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.heard); n != 1 {
		t.Errorf("told %d times", n)
	}
}
