package receipt

import (
	"context"
	"crypto"
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
	"mandat/internal/receipt/format"
	"mandat/internal/terms"
)

const base = "https://mandat.exemple.invalid"

// world is a fixture with a register of receipts.
type world struct {
	*fixture.World
	keys     *oidc.KeySet
	receipts *Register
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: fixture.New(t), keys: newKeys(t)}
	w.receipts = w.register()
	return w
}

// register is what another server has on the same database.
func (w *world) register() *Register {
	return New(w.DB, w.Journal, w.Mandates, func() *oidc.KeySet { return w.keys }, Settings{BaseURL: base}, w.Clock)
}

func newKeys(t *testing.T, old ...crypto.PublicKey) *oidc.KeySet {
	t.Helper()
	keys := fixture.Pair(t, oidc.ES256)
	keys.Old = old
	set, err := oidc.NewKeySet(keys)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (w *world) issue(t *testing.T, by journal.Actor, id uuid.UUID) (string, format.Receipt) {
	t.Helper()
	text, err := w.receipts.Issue(t.Context(), by, id)
	if err != nil {
		t.Fatal(err)
	}
	return text, w.open(t, text)
}

func (w *world) open(t *testing.T, text string) format.Receipt {
	t.Helper()
	keys, err := format.ParseKeys(w.keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	r, err := format.Open(text, keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// list is a status list, fetched anew.
func (w *world) list(t *testing.T, number int) format.List {
	t.Helper()
	text, err := w.register().List(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := format.ParseKeys(w.keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	l, err := format.OpenList(text, keys, w.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// status is what the first list says at a place.
func (w *world) status(t *testing.T, p format.Place) uint8 {
	t.Helper()
	l := w.list(t, 1)
	s, ok := l.At(p.Index)
	if !ok || l.URI != p.URI {
		t.Fatalf("no place %v in %s", p, l.URI)
	}
	return s
}

// release is the act of a service's use: the entry power.used, and a place for its receipt.
func (w *world) release(ctx context.Context, m mandate.Mandate, client string, which Which) (Places, error) {
	var out Places
	by := journal.Actor{Kind: journal.Aidant, Person: w.Jeanne.Person, Organisation: m.Organisation}
	err := w.Journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		var err error
		out, err = w.receipts.Reserve(ctx, tx, Of{Organisation: m.Organisation, Mandate: m.ID, Audience: client, Powers: []Which{which}}, tx.Now)
		return journal.Event{Action: "power.used", Citizen: m.Citizen, Mandate: m.ID, Detail: map[string]string{"login": "x", "client": client, "procedure": which.Procedure}}, err
	})
	return out, err
}

func (w *world) served(t *testing.T, m mandate.Mandate, client, procedure string) (Places, format.Receipt) {
	t.Helper()
	p, err := w.release(t.Context(), m, client, Which{Procedure: procedure})
	if err != nil {
		t.Fatal(err)
	}
	text, err := w.receipts.Service(p, Service{Audience: client, Subject: "citizen-of-" + client, Actor: "aidant-of-" + client, Identifier: "mandate-of-" + client,
		SIRET: "21750001600019", Organisation: "Maison France Services de démonstration", Catalogue: m.Catalogue, IdentifiedBy: m.IdentifiedBy,
		Procedure: procedure, Level: "act", Until: m.EndsAt}, w.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return p, w.open(t, text)
}

// signed is a mandate of some terms.
func (w *world) signed(t *testing.T, who citizen.Identity, x terms.Terms) mandate.Mandate {
	t.Helper()
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, x)
	if err == nil {
		err = w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, who, w.Clock.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *world) end(t *testing.T, m mandate.Mandate) {
	t.Helper()
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
}

// entries are the details of the entries receipt.issued of a mandate.
func (w *world) entries(t *testing.T, id uuid.UUID) []issued {
	t.Helper()
	var out []issued
	err := w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `select body::jsonb -> 'detail' from journal_entry where mandate_id = $1 and action = 'receipt.issued' order by id`, id)
		if err != nil {
			return err
		}
		details, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, d := range details {
			var i issued
			if err := json.Unmarshal([]byte(d), &i); err != nil {
				return err
			}
			out = append(out, i)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
