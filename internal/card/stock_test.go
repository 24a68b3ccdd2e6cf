package card_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/card"
	"mandat/internal/db"
	"mandat/internal/org"
)

// Administrators say of cards in the stock where they were sent and which were lost; a lost one is nobody's factor, and what somebody has is theirs.
func TestStock_SentAndLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, s, alix := t.Context(), w.stock, w.Administrator(t, "alix")
	w.cards(t, 3)
	if err := w.add(t, w.Jeanne, "GADT0001"); err != nil {
		t.Fatal(err)
	}
	stale := alix
	stale.FactorAt = stale.FactorAt.Add(-tooOld)
	for name, step := range map[string]struct{ got, want error }{
		"sent by a referent":        {s.Send(ctx, w.Referent(t, w.Here, "rene"), "GADT0002", w.Here), org.ErrMayNot},
		"lost by an aidant":         {s.Lose(ctx, w.Paul, "GADT0002"), org.ErrMayNot},
		"sent without a factor":     {s.Send(ctx, stale, "GADT0002", w.Here), org.ErrFactorTooOld},
		"lost without a factor":     {s.Lose(ctx, stale, "GADT0002"), org.ErrFactorTooOld},
		"somebody's, sent":          {s.Send(ctx, alix, "GADT0001", w.Here), db.ErrConflict},
		"somebody's, lost":          {s.Lose(ctx, alix, "GADT0001"), db.ErrConflict},
		"none":                      {s.Lose(ctx, alix, "GADT0009"), db.ErrConflict},
		"sent":                      {s.Send(ctx, alix, "GADT0002", w.Here), nil},
		"sent there again":          {s.Send(ctx, alix, "GADT0002", w.Here), db.ErrConflict},
		"sent elsewhere":            {s.Send(ctx, alix, "GADT0002", w.Elsewhere), nil},
		"and then lost":             {s.Lose(ctx, alix, "GADT0002"), nil},
		"lost twice":                {s.Lose(ctx, alix, "GADT0002"), db.ErrConflict},
		"sent although it was lost": {s.Send(ctx, alix, "GADT0002", w.Here), db.ErrConflict},
		"sent to somebody":          {s.Send(ctx, alix, "GADT0003", w.Here), nil},
		"and to nobody":             {s.Send(ctx, alix, "GADT0003", uuid.Nil), nil},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("%s: %v, want %v", name, step.got, step.want)
		}
	}
	if _, err := s.Seed(ctx, "GADT0002", w.Ines.Person); !errors.Is(err, card.ErrNotInStock) {
		t.Errorf("a lost card can be added: %v", err)
	}
	for serial, want := range map[string]card.Card{"GADT0001": {State: card.Given}, "GADT0002": {State: card.Lost, Organisation: w.Elsewhere, OrganisationName: "Un autre organisme"},
		"GADT0003": {State: card.InStock}} {
		c, err := s.Card(ctx, serial)
		if want.Serial, want.ImportedAt = serial, c.ImportedAt; err != nil || c != want {
			t.Errorf("%+v, want %+v, %v", c, want, err)
		}
	}
	if _, err := s.Card(ctx, "GADT0009"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("no card: %v", err)
	}
	w.Content(t)
}

func TestStock_ByPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cards(t, card.Listed+2)
	for page, want := range map[int]int{-1: card.Listed, 1: card.Listed, 2: 2, 3: 0} {
		list, counts, err := w.stock.List(t.Context(), page)
		if err != nil || len(list) != want || counts[card.InStock] != card.Listed+2 {
			t.Errorf("page %d: %d cards, %v, %v", page, len(list), counts, err)
		}
		if page == 2 && list[0].Serial != "GADT0051" {
			t.Errorf("page 2 begins with %s", list[0].Serial)
		}
	}
}
