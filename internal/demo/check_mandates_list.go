package demo

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// listed is the organisation's list.
func (m *mandates) listed() []step {
	finds := func(words, name string) func() error {
		return all(m.open(m.jeanne, "/mandats"), press(m.jeanne, "Chercher", url.Values{"recherche": {words}}), says(m.jeanne, name))
	}
	return []step{
		{"names are found without their accents and hyphens, and with them", all(finds("day leg", "Zoé Françoise D'AŸ-LÉGLISE"), finds("lefort garnier", "Odile LEFORT-GARNIER"), finds("légl", "D'AŸ-LÉGLISE"))},
		{"and by the day of birth", finds("11/02/1953", "Odile LEFORT-GARNIER")},
		{"another organisation's list has none of them", all(m.open(m.paul, "/mandats"), press(m.paul, "Chercher", url.Values{"recherche": {"lefort"}}), says(m.paul, "Aucun mandat en cours"))},
		{"in the CSV a name that looks like a formula is text", all(m.open(m.jeanne, "/mandats/export"), press(m.jeanne, "Télécharger", url.Values{"format": {"csv"}}), m.harmless)},
	}
}

// harmless reads the table that was downloaded.
func (m *mandates) harmless() error {
	if kind := m.jeanne.Header().Get("Content-Type"); kind != "text/csv; charset=utf-8" {
		return fmt.Errorf("got %s, want a CSV: %d %q", kind, m.jeanne.Status(), m.jeanne.H1())
	}
	table := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(m.jeanne.Body()), "\ufeff")))
	table.Comma = ';'
	rows, err := table.ReadAll()
	if err != nil {
		return fmt.Errorf("read the CSV: %w", err)
	}
	found := false
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				return fmt.Errorf("a program would run the cell %q", cell)
			}
			found = found || cell == "'"+formula
		}
	}
	if !found {
		return errors.New("the name that looks like a formula is not in the CSV")
	}
	return nil
}

// expired is the end that no person chooses. The demonstration cannot wait for it: the end is moved to now behind the program's back, and then to where it was.
func (m *mandates) expired() []step {
	var ends time.Time
	over := all(m.notFound(m.jeanne, "légl"), page(m.jeanne, &m.part, ""), says(m.jeanne, "La date prévue est atteinte"), page(m.jeanne, &m.part, "attestation"), m.overInPublic,
		m.open(m.jeanne, "/mandats?onglet=ended"), says(m.jeanne, "D'AŸ-LÉGLISE"))
	return []step{
		{"when its time is over, a mandate opens nothing, and its page, the list and the public page say so", all(func() error {
			return m.superuser(func(ctx context.Context, conn *pgx.Conn) error {
				return conn.QueryRow(ctx, `select ends_at from mandate where id = $1`, m.part).Scan(&ends)
			})
		}, func() error { return m.endsAt(time.Now()) }, over)},
		{"with its end where it was, it stands again as the journal says", all(func() error { return m.endsAt(ends) }, m.compare("Rien à signaler"))},
	}
}

// endsAt moves the end of the mandate of which one power is left.
func (m *mandates) endsAt(t time.Time) error {
	return errors.Join(m.behind(`update mandate set ends_at = $2 where id = $1`, m.part, t), m.behind(`update mandate_power set ends_at = $2 where mandate_id = $1 and state <> 'ended'`, m.part, t))
}
