package credential_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Administrators say of cards in the stock where they were sent and which were lost; a lost one is nobody's factor, and what somebody has is theirs.
func TestCards_SentAndLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, r, alix := t.Context(), w.factors, w.Administrator(t, "alix")
	card := w.cards(t, 3)
	w.settle(time.Minute)
	if _, err := r.AddCard(ctx, w.Jeanne, "GADT0001", card("GADT0001", w.Clock.Now()), "", home); err != nil {
		t.Fatal(err)
	}
	stale := alix
	stale.FactorAt = stale.FactorAt.Add(-tooOld)
	for name, step := range map[string]struct{ got, want error }{
		"sent by a referent":        {r.SendCard(ctx, w.Referent(t, w.Here, "rene"), "GADT0002", w.Here), org.ErrMayNot},
		"lost by an aidant":         {r.LoseCard(ctx, w.Paul, "GADT0002"), org.ErrMayNot},
		"sent without a factor":     {r.SendCard(ctx, stale, "GADT0002", w.Here), org.ErrFactorTooOld},
		"lost without a factor":     {r.LoseCard(ctx, stale, "GADT0002"), org.ErrFactorTooOld},
		"somebody's, sent":          {r.SendCard(ctx, alix, "GADT0001", w.Here), db.ErrConflict},
		"somebody's, lost":          {r.LoseCard(ctx, alix, "GADT0001"), db.ErrConflict},
		"none":                      {r.LoseCard(ctx, alix, "GADT0009"), db.ErrConflict},
		"sent":                      {r.SendCard(ctx, alix, "GADT0002", w.Here), nil},
		"sent there again":          {r.SendCard(ctx, alix, "GADT0002", w.Here), db.ErrConflict},
		"sent elsewhere":            {r.SendCard(ctx, alix, "GADT0002", w.Elsewhere), nil},
		"and then lost":             {r.LoseCard(ctx, alix, "GADT0002"), nil},
		"lost twice":                {r.LoseCard(ctx, alix, "GADT0002"), db.ErrConflict},
		"sent although it was lost": {r.SendCard(ctx, alix, "GADT0002", w.Here), db.ErrConflict},
		"sent to somebody":          {r.SendCard(ctx, alix, "GADT0003", w.Here), nil},
		"and to nobody":             {r.SendCard(ctx, alix, "GADT0003", uuid.Nil), nil},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("%s: %v, want %v", name, step.got, step.want)
		}
	}
	if _, err := r.AddCard(ctx, w.Ines, "GADT0002", card("GADT0002", w.Clock.Now()), "", home); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("a lost card was added: %v", err)
	}
	for serial, want := range map[string]credential.Card{"GADT0001": {State: credential.CardGiven}, "GADT0002": {State: credential.CardLost, Organisation: w.Elsewhere, OrganisationName: "Un autre organisme"},
		"GADT0003": {State: credential.CardStock}} {
		c, err := r.Card(ctx, serial)
		if want.Serial, want.ImportedAt = serial, c.ImportedAt; err != nil || c != want {
			t.Errorf("%+v, want %+v, %v", c, want, err)
		}
	}
	if _, err := r.Card(ctx, "GADT0009"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("no card: %v", err)
	}
	w.sound(t)
}

func TestCards_ByPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cards(t, credential.CardsListed+2)
	for page, want := range map[int]int{-1: credential.CardsListed, 1: credential.CardsListed, 2: 2, 3: 0} {
		list, counts, err := w.factors.Cards(t.Context(), page)
		if err != nil || len(list) != want || counts[credential.CardStock] != credential.CardsListed+2 {
			t.Errorf("page %d: %d cards, %v, %v", page, len(list), counts, err)
		}
		if page == 2 && list[0].Serial != "GADT0051" {
			t.Errorf("page 2 begins with %s", list[0].Serial)
		}
	}
}

// What becomes of a card behind the program's back is named, and refused to the program without its entry.
func TestCards_AreCompared(t *testing.T) {
	t.Parallel()
	for sql, free := range map[string]bool{
		`update credential_card set state = 'lost' where state = 'stock'`:                                                                   false,
		`update credential_card set organisation_id = (select id from organisation limit 1) where state = 'stock'`:                          false,
		`update credential_card set organisation_id = null where organisation_id is not null`:                                               false,
		`update credential_card set state = 'stock' where state = 'given'`:                                                                  true,
		`update credential_card set state = 'stock', organisation_id = (select max(id::text)::uuid from organisation) where state = 'lost'`: false,
	} {
		t.Run(sql[:min(len(sql), 80)], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			card := w.cards(t, 4)
			w.settle(time.Minute)
			if _, err := w.factors.AddCard(t.Context(), w.Jeanne, "GADT0001", card("GADT0001", w.Clock.Now()), "", home); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.factors.SendCard(t.Context(), journal.Program(), "GADT0002", w.Here), w.factors.LoseCard(t.Context(), journal.Program(), "GADT0003")); err != nil {
				t.Fatal(err)
			}
			w.sound(t)
			conn := w.Connect(t, w.App)
			if _, err := conn.Exec(t.Context(), `set default_transaction_read_only = off`); err != nil {
				t.Fatal(err)
			}
			if !free {
				if _, err := conn.Exec(t.Context(), sql); err == nil {
					t.Error("the program may do it without an entry")
				}
			}
			w.Behind(t, sql)
			if found, err := credential.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) == 0 {
				t.Errorf("nothing was named: %v", err)
			}
		})
	}
}
