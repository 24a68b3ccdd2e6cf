package receipt

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/receipt/format"
	"mandat/internal/terms"
)

func TestIssue_SaysWhatTheMandateGives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	text, got := w.issue(t, w.Paul, m.ID)
	if len(got.Powers) != 2 || got.Powers[0].Status == nil || got.Powers[1].Status == nil {
		t.Fatalf("%+v", got)
	}
	power := func(n int, key string) format.Power {
		return format.Power{Procedure: key, Level: "act", From: m.StartsAt.Unix(), Until: m.EndsAt.Unix(), Status: got.Powers[n].Status}
	}
	want := format.Receipt{Issuer: base + "/recus", ID: got.ID, IssuedAt: got.IssuedAt, Expiry: m.EndsAt.Unix(),
		Citizen:      &format.Citizen{GivenName: "Angela Claire Louise", FamilyName: "DUBOIS", Birthdate: "1962-08-24"},
		Organisation: format.Organisation{SIRET: "21750001600019", Name: "Maison France Services de démonstration"},
		Catalogue:    m.Catalogue, IdentifiedBy: "franceconnect", Powers: []format.Power{power(0, fixture.Tax), power(1, fixture.Housing)}, Status: got.Status}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	seen := map[format.Place]bool{}
	for _, p := range got.Places() {
		if seen[p] || p.URI != base+"/recus/statuts/1" {
			t.Errorf("place %v", p)
		}
		seen[p] = true
	}
	sum := sha256.Sum256([]byte(text))
	entries := w.entries(t, m.ID)
	if len(entries) != 1 || entries[0].SHA256 != hex.EncodeToString(sum[:]) || entries[0].Receipt != got.ID || entries[0].Kind != "citizen" || len(entries[0].Places) != 3 {
		t.Errorf("entries %+v", entries)
	}
	for _, secret := range []string{m.ID.String(), m.Citizen.String(), m.Organisation.String(), w.Paul.Person.String(), "angela@"} {
		if strings.Contains(text, secret) {
			t.Errorf("the receipt says %s", secret)
		}
	}
}

// A receipt names the attestation that was handed over last, of this mandate and of no other kind.
func TestIssue_NamesTheAttestation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, other := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax), w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	if _, got := w.issue(t, w.Jeanne, m.ID); got.Attestation != "" {
		t.Errorf("attestation %s", got.Attestation)
	}
	w.Behind(t, `insert into attestation_status (token_hash, mandate_id, organisation_id, token, created_at) select sha256(id::text::bytea), id, organisation_id, '\x01', now() from mandate`)
	w.Behind(t, `insert into attestation (mandate_id, organisation_id, kind, lang, document, words, sha256, template, issued_at, issued_by)
		select m, $3, kind, lang, '\x01', '\x01', sha256(what::bytea), 't', at::timestamptz, $4 from (values ($1::uuid, 'attestation', 'en', 'first', '2026-01-01'), ($1, 'attestation', 'fr', 'last', '2026-01-02'),
		($1, 'end', 'fr', 'end', '2026-01-03'), ($2, 'attestation', 'fr', 'other', '2026-01-04')) a (m, kind, lang, what, at)`, m.ID, other.ID, w.Here, w.Jeanne.Person)
	sum := sha256.Sum256([]byte("last"))
	if _, got := w.issue(t, w.Jeanne, m.ID); got.Attestation != hex.EncodeToString(sum[:]) {
		t.Errorf("attestation %s", got.Attestation)
	}
}

// Every receipt that is asked for is another one; those of one mandate share their places.
func TestIssue_AnotherOneWhenAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	_, first := w.issue(t, w.Jeanne, m.ID)
	_, second := w.issue(t, w.Jeanne, m.ID)
	if first.ID == second.ID || !slices.Equal(first.Places(), second.Places()) || first.Powers[0].Status != nil {
		t.Errorf("%+v\n%+v", first, second)
	}
	if got := w.entries(t, m.ID); len(got) != 2 {
		t.Errorf("%d entries", len(got))
	}
}

func TestIssue_OfAFutureMandateSaysFromWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	later := fixture.Terms(fixture.Tax)
	later.From = terms.DayOf(w.Clock.Now()).AddDate(0, 0, 10)
	m := w.signed(t, fixture.Angela(), later)
	_, got := w.issue(t, w.Jeanne, m.ID)
	if got.NotBefore != m.StartsAt.Unix() || got.Powers[0].From != got.NotBefore || got.Judge(w.Clock.Now(), valid)[0] != format.Scheduled {
		t.Errorf("%+v of %+v", got, m)
	}
}

func valid(format.Place) (uint8, bool) { return format.Valid, true }

func TestIssue_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	left := w.Aidant(t, w.Here, "luc")
	if err := w.Directory.Leave(t.Context(), journal.Program(), left.Person, w.Here, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		by   journal.Actor
		want error
	}{
		"another organisation's aidant": {w.Ines, db.ErrNotFound},
		"a referent":                    {w.Referent(t, w.Here, "rene"), org.ErrMayNot},
		"one who has left":              {left, org.ErrMayNot},
	} {
		if text, err := w.receipts.Issue(t.Context(), c.by, m.ID); !errors.Is(err, c.want) || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	w.end(t, m)
	if _, err := w.receipts.Issue(t.Context(), w.Jeanne, m.ID); !errors.Is(err, ErrEnded) {
		t.Errorf("of what has ended: %v", err)
	}
	over := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.Clock.Advance(over.EndsAt.Sub(w.Clock.Now()))
	if _, err := w.receipts.Issue(t.Context(), w.Jeanne, over.ID); !errors.Is(err, ErrEnded) {
		t.Errorf("of what is over: %v", err)
	}
	for _, id := range []mandate.Mandate{m, over} {
		if got := w.entries(t, id.ID); len(got) != 0 {
			t.Errorf("%d entries", len(got))
		}
	}
}

// What has ended alone stands in no receipt that is made later.
func TestIssue_LeavesOutWhatHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax) // of which the same power stands
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	if err := w.Mandates.EndPower(t.Context(), w.Jeanne, m.ID, fixture.Tax, "", "completed"); err != nil {
		t.Fatal(err)
	}
	if _, got := w.issue(t, w.Jeanne, m.ID); len(got.Powers) != 1 || got.Powers[0].Procedure != fixture.Housing {
		t.Errorf("%+v", got.Powers)
	}
}

// An end that comes while a receipt is made comes before it or after it: what was handed over says nothing that had ended.
func TestIssue_RacesWithAnEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 8 {
		m := w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax)
		ended := make(chan error)
		go func() { ended <- w.Mandates.End(t.Context(), w.Paul, m.ID, "citizen") }()
		text, err := w.receipts.Issue(t.Context(), w.Jeanne, m.ID)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if err != nil && !errors.Is(err, ErrEnded) {
			t.Fatal(err)
		}
		var order []string
		rows, err2 := w.Connect(t, w.Superuser).Query(t.Context(), `select action from journal_entry where mandate_id = $1 and action in ('receipt.issued', 'mandate.ended') order by id`, m.ID)
		for err2 == nil && rows.Next() {
			var action string
			err2 = rows.Scan(&action)
			order = append(order, action)
		}
		if err2 != nil {
			t.Fatal(err2)
		}
		if want := map[bool][]string{true: {"receipt.issued", "mandate.ended"}, false: {"mandate.ended"}}[text != ""]; !slices.Equal(order, want) {
			t.Errorf("%v with receipt %v", order, text != "")
		}
	}
}
