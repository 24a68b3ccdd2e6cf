package mandate_test

import (
	"errors"
	"slices"
	"testing"

	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// A draft outlives the catalogue that it was begun under: what the newer one no longer offers so is not signed, nor shown as a recap.
func TestSign_AsksTheCatalogueOfToday(t *testing.T) {
	t.Parallel()
	older, ok := procedure.Version("2026-11-1")
	if !ok {
		t.Fatal("the program has lost a version of its catalogue")
	}
	newest, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		begun, signed *procedure.Catalogue
		asked         terms.Asked
		unread        bool
		good          bool
	}{
		"as before":                  {begun: older, signed: newest, asked: terms.Asked{Procedure: fixture.Tax, Level: procedure.Act}, good: true},
		"no such procedure":          {begun: newest, signed: older, asked: terms.Asked{Procedure: "papiers-compte-service-public", Level: procedure.Act}},
		"no such level":              {begun: newest, signed: older, asked: terms.Asked{Procedure: "social-rsa", Level: procedure.Sign}},
		"a warning that nobody read": {begun: older, signed: newest, asked: terms.Asked{Procedure: "justice-casier", Level: procedure.Act}, unread: true},
		"a warning that was read":    {begun: older, signed: newest, asked: terms.Asked{Procedure: "justice-casier", Level: procedure.Act}, good: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := fixture.Terms()
			asked.Powers, asked.Warned = []terms.Asked{x.asked}, !x.unread
			w, d := drawnUnder(t, x.begun, asked)
			w.Catalogue = x.signed
			w.Open(w.DB)
			o, err := w.Directory.Organisation(t.Context(), w.Here)
			if err != nil {
				t.Fatal(err)
			}
			if x.good {
				if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID)); err != nil {
					t.Error(err)
				}
				return
			}
			a := fixture.Agreed()
			a.Version = d.Version
			_, _, shown := w.Mandates.Proposal(d, o, a.How)
			_, signed := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, a)
			for what, err := range map[string]error{"shown": shown, "signed": signed} {
				not, ok := errors.AsType[*draft.NotAllowedError](err)
				if !ok || !slices.Equal(not.Procedures, []string{x.asked.Procedure}) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// drawnUnder is a world with a draft that was begun, and whose citizen was identified, under a catalogue.
func drawnUnder(t *testing.T, c *procedure.Catalogue, asked terms.Terms) (*fixture.World, draft.Draft) {
	t.Helper()
	w := fixture.New(t)
	w.Catalogue = c
	w.Open(w.DB)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, asked)
	if err == nil {
		err = w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), w.Clock.Now())
	}
	if err == nil {
		d, err = w.Drafts.Find(t.Context(), w.Jeanne, d.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w, d
}
