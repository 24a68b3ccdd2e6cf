package card_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"mandat/internal/card"
	"mandat/internal/journal"
)

// What becomes of a card behind the program's back is named, and refused to the program without its entry.
func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for sql, c := range map[string]struct {
		says string
		free bool // the program may do it without an entry on cards: it is a part of an act on factors
	}{
		`update credential_card set state = 'lost' where state = 'stock'`:                                                                   {says: "card GADT0004, lost"},
		`update credential_card set organisation_id = (select id from organisation limit 1) where state = 'stock'`:                          {says: "card GADT0004, stock, sent to"},
		`update credential_card set organisation_id = null where organisation_id is not null`:                                               {says: "and gone from the tables"},
		`update credential_card set state = 'stock' where state = 'given'`:                                                                  {says: "is card GADT0001, given", free: true},
		`update credential_card set state = 'given' where serial = 'GADT0004'`:                                                              {says: "(card GADT0004, given, sent to 00000000-0000-0000-0000-000000000000), and no entry tells of it", free: true},
		`update credential_card set state = 'stock', organisation_id = (select max(id::text)::uuid from organisation) where state = 'lost'`: {says: "card GADT0003, lost"},
		`delete from credential_card where serial = 'GADT0004'`:                                                                             {says: "the tables say a stock of 3 cards; the entries say a stock of 4 cards"},
	} {
		t.Run(sql[:min(len(sql), 80)], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cards(t, 4)
			if err := w.add(t, w.Jeanne, "GADT0001"); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.stock.Send(t.Context(), journal.Program(), "GADT0002", w.Here), w.stock.Lose(t.Context(), journal.Program(), "GADT0003")); err != nil {
				t.Fatal(err)
			}
			w.Content(t)
			conn := w.Connect(t, w.App)
			if _, err := conn.Exec(t.Context(), `set default_transaction_read_only = off`); err != nil {
				t.Fatal(err)
			}
			if !c.free {
				if _, err := conn.Exec(t.Context(), sql); err == nil {
					t.Error("the program may do it without an entry")
				}
			}
			w.Behind(t, sql)
			found, err := card.Compare(t.Context(), w.OpenAuditor(t))
			if err != nil || !strings.Contains(fmt.Sprint(found), c.says) {
				t.Errorf("want %q in %v, %v", c.says, found, err)
			}
		})
	}
}
