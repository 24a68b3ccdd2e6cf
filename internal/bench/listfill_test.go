package bench

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/token"
)

var (
	givenNames  = []string{"Marie", "Jean-Pierre", "Éloïse Anaïs", "Mohamed", "Nathalie Claude", "François", "Angela Claire Louise", "Zoé", "Jean", "Hélène Marie"}
	familyNames = []string{"DUBOIS", "LEFÈVRE", "MARTIN", "D'ALMEIDA", "LE GOFF", "NGUYEN", "GARCIA-LOPEZ"}
)

// listed is an invented person; every n is another one. A tenth was born on the same day.
func listed(n int) citizen.Identity {
	i := fixture.Citizen(n)
	i.GivenName, i.FamilyName = givenNames[n%len(givenNames)], familyNames[n%len(familyNames)]+"-N"+strconv.Itoa(n)
	i.PreferredUsername = "DE " + familyNames[n/7%len(familyNames)]
	if n%10 != 0 {
		i.Birthdate = time.Date(1930, 1, 1+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	return i
}

// fillList puts 20,000 mandates of 20,000 citizens into each of two organisations, in turn, as years of signing do; and the names of the first into a
// table in clear.
func fillList(b *testing.B, w *fixture.World) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), w.Superuser)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(b.Context()) }()
	l := &listRows{w: w, now: w.Clock.Now()}
	for n := range listSize {
		l.add(b, w.Jeanne, n)
		l.add(b, w.Ines, n)
	}
	do := func(sql string) {
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	do(`set session_replication_role = replica; create table names_in_clear (organisation_id uuid, citizen_id uuid, name text, born text)`)
	for _, t := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{
		{"citizen", []string{"id", "organisation_id", "sub_index", "data_key", "identity", "identified_by", "identified_at", "created_at"}, l.citizens},
		{"mandate", []string{"id", "organisation_id", "citizen_id", "draft_id", "person_id", "state", "identified_by", "identified_at", "signed_at", "days", "ends_at", "ended_at", "end_reason",
			"catalogue", "terms", "terms_digest"}, l.mandates},
		{"mandate_power", []string{"mandate_id", "procedure", "organisation_id", "citizen_id", "state", "identified_by", "starts_at", "ends_at", "ended_at", "end_reason"}, l.powers},
		{"names_in_clear", []string{"organisation_id", "citizen_id", "name", "born"}, l.clear},
	} {
		if _, err := conn.CopyFrom(b.Context(), pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			b.Fatal(err)
		}
	}
	do(`vacuum analyze`)
}

type listRows struct {
	w                                 *fixture.World
	now                               time.Time
	citizens, mandates, powers, clear [][]any
}

// add adds the n-th mandate of an aidant: half of them have ended, a twentieth ends within a month.
func (l *listRows) add(b *testing.B, by journal.Actor, n int) {
	b.Helper()
	who, id, m := listed(n), uuid.New(), uuid.New()
	key, wrapped, err := l.w.Keys.NewDataKey(id)
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := citizen.SealIdentity(key, who)
	if err != nil {
		b.Fatal(err)
	}
	index, err := l.w.Citizens.Index(by.Organisation, who.Sub)
	if err != nil {
		b.Fatal(err)
	}
	signed := l.now.Add(-time.Duration(listSize-n) * 20 * time.Minute)
	state, ends, ended, reason := mandate.Standing, l.now.Add(time.Duration(31+n%300)*24*time.Hour), (*time.Time)(nil), (*string)(nil)
	switch {
	case n%2 == 0:
		text := "completed"
		state, ended, reason = mandate.Ended, &l.now, &text
	case n%20 == 1:
		ends = l.now.Add(time.Duration(1+n%29) * 24 * time.Hour)
	}
	person := by.Person
	if by.Organisation == l.w.Here && n%4 > 1 {
		person = l.w.Paul.Person
	}
	l.citizens = append(l.citizens, []any{id, by.Organisation, index, wrapped, sealed, "franceconnect", signed, signed})
	l.mandates = append(l.mandates, []any{m, by.Organisation, id, uuid.New(), person, state, "franceconnect", signed, signed, 365, ends, ended, reason,
		l.w.Catalogue.Version(), token.Bytes(1500), token.Bytes(32)})
	for _, p := range procedures {
		l.powers = append(l.powers, []any{m, p, by.Organisation, id, state, "franceconnect", signed, ends, ended, reason})
	}
	if by.Organisation == l.w.Here {
		l.clear = append(l.clear, []any{by.Organisation, id, who.GivenName + " " + who.FamilyName + " " + who.PreferredUsername, who.Birthdate})
	}
}

// inClear times the rival, with the first word that was typed.
func inClear(b *testing.B, w *fixture.World, words string, times int) []time.Duration {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), w.Superuser)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(b.Context()) }()
	took := make([]time.Duration, 0, times)
	for range times {
		begin := time.Now()
		rows, err := conn.Query(b.Context(), `select m.id, c.name, c.born from names_in_clear c join mandate m on m.citizen_id = c.citizen_id
			where c.organisation_id = $1 and m.organisation_id = $1 and (c.name ilike '%' || $2 || '%' or c.born = '1962-08-24') order by m.signed_at desc limit 25`, w.Here, words)
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	return took
}
