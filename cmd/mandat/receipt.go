package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mandat/internal/journal/checker"
	"mandat/internal/procedure"
	"mandat/internal/receipt/format"
)

type receiptCmds struct {
	Verify receiptVerify `cmd:"" help:"Say what a receipt gives and whether it still stands. It asks nobody. Exit codes: 0 genuine, and every power stands; 1 not genuine, or something does not fit; 2 genuine, but not every power stands; 3 genuine, and no list at hand says whether it stands."`
}

type receiptVerify struct {
	Keys   string   `required:"" type:"existingfile" help:"The keys to trust: the JSON Web Key Set that the site publishes at /recus/cles."`
	Status []string `type:"existingfile" help:"The status list that the receipt names, fetched lately. One with several powers may name several."`
	Issuer string   `help:"Who has to have made it (https://mandat.example/recus). Without it, whoever has the keys."`
	File   string   `arg:"" type:"existingfile" help:"The receipt."`
}

// verdictError is the outcome of a check of something genuine that does not say yes.
type verdictError struct {
	code int
	text string
}

func (v verdictError) Error() string { return v.text }

// The exit codes of a check beside 0 and 1.
const (
	notStanding = 2
	notKnown    = 3
)

// exitCode is with what the program ends after an error.
func exitCode(err error) int {
	if v, ok := errors.AsType[verdictError](err); ok {
		return v.code
	}
	return 1
}

// Run prints what the receipt says and what it is worth.
func (v receiptVerify) Run() error { return v.verify(os.Stdout, time.Now()) }

func (v receiptVerify) verify(out io.Writer, now time.Time) error {
	text, err := os.ReadFile(v.File)
	if err != nil {
		return err
	}
	file, err := os.ReadFile(v.Keys)
	if err != nil {
		return err
	}
	keys, err := format.ParseKeys(file)
	if err != nil {
		return fmt.Errorf("%s: %w", v.Keys, err)
	}
	r, err := format.Open(strings.Join(strings.Fields(string(text)), ""), keys)
	if err != nil {
		return fmt.Errorf("the receipt is not genuine: %w", err)
	}
	if v.Issuer != "" && r.Issuer != v.Issuer {
		return fmt.Errorf("the receipt was made by %s", r.Issuer)
	}
	lists := map[string]format.List{}
	for _, name := range v.Status {
		file, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		list, err := format.OpenList(strings.TrimSpace(string(file)), keys, now)
		if err != nil {
			return verdictOf(err, fmt.Errorf("%s: %w", name, err))
		}
		if !of(r, list) {
			return fmt.Errorf("%s: the receipt names other lists, and not %s", name, list.URI)
		}
		lists[list.URI] = list
	}
	standings := r.Judge(now, func(p format.Place) (uint8, bool) { return lists[p.URI].At(p.Index) })
	tell(out, r, standings, lists)
	return verdict(standings)
}

// verdictOf says of a list that is too old that nothing is known, and of any other error that it is one.
func verdictOf(err, full error) error {
	if errors.Is(err, format.ErrExpired) {
		return verdictError{notKnown, full.Error() + ": fetch it anew"}
	}
	return full
}

func of(r format.Receipt, l format.List) bool {
	for _, p := range r.Places() {
		if p.URI == l.URI {
			return true
		}
	}
	return false
}

func verdict(standings []format.Standing) error {
	unknown := false
	for _, s := range standings {
		if s != format.Stands && s != format.Unknown {
			return verdictError{notStanding, "genuine, but not all of it stands"}
		}
		unknown = unknown || s == format.Unknown
	}
	if unknown {
		return verdictError{notKnown, "genuine, but whether it still stands is not known: --status names the list that says so"}
	}
	return nil
}

// words is how a standing is told.
var words = map[format.Standing]string{format.Stands: "stands", format.Unknown: "not known", format.Scheduled: "not begun", format.Over: "over", format.Suspended: "suspended", format.Ended: "ended"}

// tell prints a receipt. What it says itself was signed, and still does not command the terminal.
func tell(out io.Writer, r format.Receipt, standings []format.Standing, lists map[string]format.List) {
	say := func(name, value string) {
		_, _ = fmt.Fprintf(out, "  %-14s %s\n", name, strings.ReplaceAll(checker.Printable(value), "\n", " "))
	}
	_, _ = fmt.Fprintln(out, "genuine: signed with one of the keys, and unchanged")
	say("made by", r.Issuer)
	say("made", r.Issued().Format(time.RFC3339))
	if c := r.Citizen; c != nil {
		say("for", c.GivenName+" "+c.FamilyName+", born "+c.Birthdate)
	} else {
		say("for service", r.Audience)
	}
	say("may act", r.Organisation.Name+", SIRET "+r.Organisation.SIRET)
	say("identified by", r.IdentifiedBy)
	if r.Attestation != "" {
		say("attestation", r.Attestation)
	}
	_, _ = fmt.Fprintln(out, "powers:")
	catalogue, known := procedure.Version(r.Catalogue)
	for i, p := range r.Powers {
		name := p.Procedure
		if known {
			if x, ok := catalogue.Find(p.Procedure); ok {
				name += " (" + x.Name.In("fr") + ")"
			}
		}
		if p.Case != "" {
			name += ", file " + p.Case
		}
		say(words[standings[i]], fmt.Sprintf("%s, %s, from %s to %s", name, p.Level, p.Begins().Format(time.RFC3339), p.Ends().Format(time.RFC3339)))
	}
	for uri, l := range lists {
		say("as of", l.IssuedAt.Format(time.RFC3339)+", "+uri)
	}
}
