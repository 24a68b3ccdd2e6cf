package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/certification"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// What comes due while nobody looks happens in the running site, and those whom it concerns are told: a certificate that ends, a reset whose hour is over,
// an import that a server left in the middle, somebody who has not been here for months.
func TestJobs_DoWhatComesDue(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = comesDue(t) })
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, mail := range []struct{ to, subject string }{
		{"jeanne@exemple.invalid", "Votre certification se termine bientôt"},
		{"nora@exemple.invalid", "Votre compte sera suspendu dans un mois"},
		{"paul@exemple.invalid", "Ajoutez un nouveau second facteur"},
	} {
		if _, err := site.Mailbox.Wait(soon, mail.to, mail.subject); err != nil {
			t.Errorf("%s is not told: %v", mail.to, err)
		}
	}
	eventually(t, "the import goes on", func() bool {
		return site.Number(t, `select count(*) from certification_import where ended_at is not null and done = 1500 and lines = 1500`) == 1
	})
	if n := site.Number(t, `select count(*) from credential_passkey where person_id = $1`, site.Paul.Person) + site.Number(t, `select count(*) from credential_totp where person_id = $1`, site.Paul.Person); n != 0 {
		t.Errorf("%d factors are left after the reset", n)
	}
	if n := site.Number(t, `select count(*) from journal_entry where action = 'factor.reset_done'`); n != 1 {
		t.Errorf("%d resets were done", n)
	}
}

// comesDue makes all that before the program starts: certificates that end within two months, and nobody here since they were given; an import of two acts,
// of which the second was not done; a reset that two people have decided more than an hour ago.
func comesDue(t testing.TB) func(*apptest.Site) {
	return func(site *apptest.Site) {
		ctx := t.Context()
		site.Clock.Advance(site.Clock.Now().AddDate(2, 10, 15).Sub(site.Clock.Now()))
		var file strings.Builder
		file.WriteString(strings.Join(certification.Columns(), ";") + "\n")
		for n := range 1500 {
			_, _ = fmt.Fprintf(&file, "personne-%d@exemple.invalid;2026-01-05;Mednum;classique;;\n", n)
		}
		out, err := site.Certifications.Import(ctx, fresh(site, site.Adele), strings.NewReader(file.String()), time.Nanosecond)
		must(t, err)
		if out.Left != 500 {
			t.Fatalf("%d lines are left", out.Left)
		}
		site.Behind(t, `delete from river_job`) // the server was gone before it asked for the rest
		r := (&stage{matrix: &matrix{t: t, site: site}}).credentials()
		fixture.Equip(t, r, site.Clock, journal.Actor{Kind: journal.Aidant, Person: site.Paul.Person, Organisation: site.Here})
		id, err := r.AskReset(ctx, fresh(site, site.Odile), site.Paul.Person)
		must(t, err)
		must(t, r.ApproveReset(ctx, fresh(site, site.Adele), id))
		site.Clock.Advance(2 * time.Hour)
	}
}
