package app_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/mailbox"
)

// letters are the mails that a citizen got, of an organisation by its name.
func letters(site *apptest.Site, of string) []mailbox.Message {
	var out []mailbox.Message
	for _, m := range site.Mailbox.To("") {
		if strings.Contains(strings.Join(strings.Fields(m.Text), " "), of) && strings.Contains(m.Subject, "mandat") {
			out = append(out, m)
		}
	}
	return out
}

func name(t *testing.T, site *apptest.Site, organisation uuid.UUID) string {
	t.Helper()
	o, err := site.Directory.Organisation(t.Context(), organisation)
	must(t, err)
	return o.Name
}

// told waits for the next letter about an organisation.
func told(t *testing.T, site *apptest.Site, of, subject string, number int) mailbox.Message {
	t.Helper()
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		m, err := site.Mailbox.WaitAfter(soon, number, "", subject)
		must(t, err)
		if strings.Contains(strings.Join(strings.Fields(m.Text), " "), of) {
			return m
		}
		number = m.Number
	}
}

// W15: the citizen is told of the signature, of each use and of the end, by mail. Who refuses the mails of one organisation gets none of its any more, and all of the
// other's.
func TestTold_SignatureUseAndEnd(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	here, there := name(t, site, site.Here), name(t, site, site.Elsewhere)
	jeanne, ines := site.Walker(t, site.Jeanne), site.Walker(t, site.Ines)
	first, err := jeanne.DrawUp("test", fixture.Tax)
	must(t, err)
	signed := told(t, site, here, "Vous avez donné un mandat", 0)
	must(t, jeanne.Use(site.Tax, "dubois", fixture.Tax))
	used := told(t, site, here, "Un mandat a servi", signed.Number)
	second, err := ines.DrawUp("test", fixture.Tax)
	must(t, err)
	told(t, site, there, "Vous avez donné un mandat", used.Number)

	stranger := site.Stranger(t)
	link, err := url.Parse(used.Link())
	must(t, err)
	if a := stranger.Get(link.Path); a.Status != http.StatusOK || strings.Contains(a.Body, here) || strings.Contains(a.Body, "DUBOIS") {
		t.Errorf("the page: %d %s", a.Status, a.Body)
	}
	if a := stranger.Post(link.Path, "List-Unsubscribe", "One-Click"); a.Status != http.StatusOK {
		t.Errorf("one click: %d", a.Status)
	}
	before := len(letters(site, here))
	must(t, jeanne.LeaveService(site.Tax))
	must(t, jeanne.Use(site.Tax, "dubois", fixture.Tax))
	must(t, jeanne.End(first, "completed"))
	must(t, ines.Use(site.Tax, "dubois", fixture.Tax))
	told(t, site, there, "Un mandat a servi", used.Number)
	must(t, ines.End(second, "citizen"))
	ended := told(t, site, there, "Un mandat a pris fin", used.Number)
	if after := len(letters(site, here)); after != before || before != 2 {
		t.Errorf("%d letters before the mails were refused, %d after", before, after)
	}
	if n := site.Number(t, `select count(*) from notify_message where citizen_id = (select citizen_id from mandate where id = $1) and state <> 'sent'`, first); n != 0 {
		t.Errorf("%d messages wait or were dropped", n)
	}
	for _, m := range append(letters(site, here), ended) {
		for _, never := range []string{"DUBOIS", "Angela", "1962", "24 août", "impôt", fixture.Tax, "jeanne", first.String(), second.String()} {
			if strings.Contains(m.Subject+m.Text+m.HTML, never) {
				t.Errorf("%q tells %q", m.Subject, never)
			}
		}
	}
}
