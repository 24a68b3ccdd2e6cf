package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"mandat/internal/twin"
	"mandat/internal/walk"
)

// journals is the story of the journal: who watches it, who checks it, what tampering with it shows, what auditors do in it, and that somebody is forgotten.
type journals struct {
	*check
	alma, odile  *walk.Walker
	mandate      uuid.UUID // Zéphyrine's
	neighbour    uuid.UUID // of somebody else, whose proofs have to hold
	signed       int64     // place in the log of her signature
	beside       int64     // and of theirs
	citizen      string    // her id in the organisation
	organisation string    // its id
	levee        string    // address of the pages of the unsealing, the inquiry and the alert
	inquiry      string
	alert        string
	copied       bool // there is an older copy of the database
}

// Whom the story is about: nobody else's page or row has a word of these names.
const (
	hers, herGift, herName  = "demo-zephyrine", "Zéphyrine", "QUINTEFEUILLE"
	other, otherGift, oName = "demo-abelard", "Abélard", "VIREVOLTE"
)

// CheckJournal walks what the journal is for, on the pages and with the commands of whoever checks it: witnesses and a timestamp, an export, what tampering with it and
// with the database shows, a name that two auditors see, an inquiry and an alert, the erasure of a citizen, and that it is done again in an older copy of the database.
func (d *Demo) CheckJournal(ctx context.Context, out io.Writer) error {
	if d.program == "" {
		return errors.New("this story runs the program's commands: Options.Program says where it is")
	}
	c, done, err := d.newCheck(ctx, out)
	if err != nil {
		return err
	}
	defer done()
	j := &journals{check: c, alma: c.browser(), odile: c.browser()}
	defer j.dropCopy()
	return errors.Join(j.gather(), j.walk([]chapter{{"Acts", j.acts()}, {"Witnesses and time", j.testified()}, {"Export and proof", j.exported()}, {"Tampering with an export", j.tampered()},
		{"Tampering with the database", j.behindItsBack()}, {"A name, for two auditors", j.unsealed()}, {"An inquiry", j.inquired()}, {"An alert", j.alerted()}, {"Erasure", j.erased()},
		{"An older copy", j.restored()}, {"In the end", j.whole()}}))
}

// gather puts what somebody needs who checks the journal into the folder where the commands are run.
func (j *journals) gather() error {
	for to, from := range map[string]string{"policy": j.Policy, "authority.pem": j.path(authorityFile)} {
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(j.dir, to), content, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle waits until everything that was done is in the tree, and cosigned.
func (j *journals) settle() error { return j.App.CatchUp(j.ctx) }

func (j *journals) acts() []step {
	put := func(login, given, family, born string) func() error {
		return func() error {
			return j.Twin.PutCitizen(j.ctx, twin.Citizen{Login: login, GivenName: given, FamilyName: family, Gender: "female", Birthdate: born, Birthplace: "75107", BirthCountry: "99100",
				Email: login + "@exemple.invalid"})
		}
	}
	return append(j.aidants(), []step{
		{"a citizen gives a mandate, and it is used at a service", all(put(hers, herGift, herName, "1948-06-17"), func() (err error) { j.mandate, err = j.jeanne.DrawUp(hers, tax, housing); return },
			page(j.jeanne, &j.mandate, "attestation.pdf"), func() error { return j.jeanne.Use(TaxService, herName, tax) }, says(j.jeanne, "Bonjour "+herGift), func() error { return j.jeanne.LeaveService(TaxService) })},
		{"another citizen gives one", all(put(other, otherGift, oName, "1951-02-03"), func() (err error) { j.neighbour, err = j.karim.DrawUp(other, tax); return })},
		{"two auditors sign in, each with a browser of their own", all(func() error { return j.sofia.SignIn("demo-sofia") }, at(j.sofia, "/audit"), func() error { return j.alma.SignIn("demo-alma") }, at(j.alma, "/audit"))},
		{"the journal says in plain words what was done, and names nobody", all(j.settle, j.reads, func() error {
			return j.readEntries(&j.mandate, nil, []string{herName, herGift, oName, otherGift, "1948"})
		})},
	}...)
}

// reads opens the entries of the two signatures.
func (j *journals) reads() error {
	if err := j.opens(j.neighbour, "mandate.signed"); err != nil {
		return err
	}
	j.beside = j.index()
	if err := j.opens(j.mandate, "mandate.signed"); err != nil {
		return err
	}
	j.signed = j.index()
	found := entryText.FindSubmatch(j.sofia.Body())
	if found == nil {
		return fmt.Errorf("the page %q shows no entry", j.sofia.H1())
	}
	var body struct {
		Citizen      string `json:"citizen"`
		Organisation string `json:"organisation"`
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &body); err != nil {
		return fmt.Errorf("read the entry: %w", err)
	}
	j.citizen, j.organisation = body.Citizen, body.Organisation
	j.note = fmt.Sprintf("\n        entry %d: %s", j.signed, j.lead())
	return j.sofia.Says("ont signé le mandat")
}

// opens has Sofia search for an act on a mandate, and open the latest entry of it.
func (j *journals) opens(mandate uuid.UUID, action string) error {
	return j.soon(func() error { // an entry is found some milliseconds after it is in the tree
		if err := j.sofia.Get(j.Config.BaseURL + "/audit/journal?" + url.Values{"mandat": {mandate.String()}, "acte": {action}}.Encode()); err != nil {
			return err
		}
		link := entryLink.FindSubmatch(j.sofia.Body())
		if link == nil {
			return fmt.Errorf("no entry %s is found: %d %q", action, j.sofia.Status(), j.sofia.H1())
		}
		return j.sofia.Get(j.Config.BaseURL + string(link[1]))
	})()
}

var atIndex = regexp.MustCompile(`/audit/journal/([0-9]+)$`)

// index is the place in the log of the entry that Sofia has open; -1 when her page is no entry's.
func (j *journals) index() int64 {
	if m := atIndex.FindStringSubmatch(j.sofia.URL().Path); m != nil {
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			return n
		}
	}
	return -1
}

// entryPath is the address of an entry's page.
func entryPath(index int64) string { return fmt.Sprintf("/audit/journal/%d", index) }

var leading = regexp.MustCompile(`(?s)<p class="fr-text--lead"[^>]*>(.*?)</p>`)

// lead is what the page that Sofia has open says first.
func (j *journals) lead() string {
	if m := leading.FindSubmatch(j.sofia.Body()); m != nil {
		return html.UnescapeString(string(m[1]))
	}
	return ""
}

// soon does something until it succeeds, for what is done a moment later.
func (c *check) soon(do func() error) func() error {
	return func() error {
		const patience = time.Minute
		for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			if err := do(); err == nil || time.Now().After(deadline) || c.ctx.Err() != nil {
				return err
			}
		}
	}
}
