package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Claim is something that the file says.
type Claim struct{ Name, Value string }

// Report is what a file shows.
type Report struct {
	File     File
	SHA256   string  // of the file, hexadecimal: the evidence_sha256 of its entry mandate.signed
	Proven   []Claim // by the signature; without one, nothing is
	Declared []Claim // by the service; Fits shows since when

	Witness  uuid.UUID // the second colleague whom the terms name, nil when none does
	Attested string    // SHA-256 of what they attested of the terms, hexadecimal
}

// Verify checks a file by itself. The error names the first thing that does not fit.
func Verify(data []byte) (Report, error) {
	f, err := decode(data)
	if err != nil {
		return Report{}, err
	}
	c := &checking{file: f, report: Report{File: f, SHA256: sum(data)}}
	for _, check := range []func() error{c.terms, c.witness, c.texts, c.drawn, c.signature, c.circumstances} {
		if err := check(); err != nil {
			return Report{}, err
		}
	}
	c.declare()
	return c.report, nil
}

type checking struct {
	file    File
	members map[string]json.RawMessage // of the terms
	report  Report
	covered []Claim // by the digest of the terms
}

// told are the members of the terms that tell how the citizen was identified and came to agree: a report repeats them.
var told = []string{"identified_by", "identified_at", "consent_by", "informed_at", "agreement", "starts_at", "ends_at"}

func (c *checking) terms() error {
	if sum(c.file.Terms) != c.file.TermsSHA256 {
		return errors.New("terms: their SHA-256 is not terms_sha256")
	}
	if json.Unmarshal(c.file.Terms, &c.members) != nil || c.members == nil {
		return errors.New("terms: no JSON object")
	}
	c.covered = append(c.covered, Claim{"terms", "SHA-256 " + c.file.TermsSHA256})
	for _, name := range told {
		if value, ok := c.members[name]; ok {
			c.covered = append(c.covered, Claim{name, string(value)})
		}
	}
	return nil
}

// texts holds the texts to what the terms say was shown: none more, none less, in their order.
func (c *checking) texts() error {
	var named []Shown
	if json.Unmarshal(c.members["shown"], &named) != nil {
		return errors.New("terms: no list shown")
	}
	if len(named) == 0 || len(named) != len(c.file.Texts) {
		return fmt.Errorf("texts: there are %d, and the terms name %d", len(c.file.Texts), len(named))
	}
	var messages []Text
	for i, text := range c.file.Texts {
		if text.Shown() != named[i] {
			return fmt.Errorf("texts[%d]: not what the terms say was shown", i)
		}
		if !slices.Contains([]string{Plain, FALC, Translation, SMS, Drawn}, text.Form) {
			return fmt.Errorf("texts[%d]: no form %q", i, text.Form)
		}
		if text.Form == SMS {
			messages = append(messages, text)
		}
		what := "shown"
		if text.Form == Drawn {
			what = Drawn
		}
		c.covered = append(c.covered, Claim{what, fmt.Sprintf("%s, %s, template %s, %d bytes of %s, SHA-256 %s", text.Lang, text.Form, text.Template, len(text.Bytes), text.MediaType, named[i].SHA256)})
	}
	return c.exchange(messages)
}

// exchange asks that messages are those of an agreement by SMS: what was asked, and one answer, the last.
func (c *checking) exchange(messages []Text) error {
	if len(messages) == 0 {
		return nil
	}
	answer := slices.IndexFunc(messages, func(t Text) bool { return t.Template == Answer })
	switch o := c.file.Circumstances; {
	case string(c.members["consent_by"]) != `"sms"`:
		return errors.New("texts: messages, and the agreement was not given by SMS")
	case answer != len(messages)-1:
		return errors.New("texts: of the messages the last, and no other, has to be the answer")
	case answer == 0:
		return errors.New("texts: an answer, and no question")
	case o.AskedAt == nil || o.AnsweredAt == nil:
		return errors.New("circumstances: messages, and not when they were asked and answered")
	}
	return nil
}

func (c *checking) signature() error {
	a, by := c.file.Assertion, c.file.Confirmed
	switch {
	case (a == nil) == (by == nil):
		return errors.New("assertion, confirmed: there has to be one of the two")
	case by != nil:
		if !slices.Contains([]string{"app", "card", "recovery", "passkey", "proconnect"}, by.Kind) {
			return errors.New("confirmed: no such kind")
		}
		c.report.Declared = append(c.report.Declared, Claim{"confirmed", "by " + by.Kind + " at " + instant(by.At) + ": not signed"})
		return nil
	}
	if err := a.verify(c.file.Terms); err != nil {
		return fmt.Errorf("assertion: %w", err)
	}
	c.report.Proven = append(c.report.Proven, Claim{"signed", "these terms, on a page of " + a.Origin + ", by who was there and was checked by the key (user verification)"})
	c.report.Declared = append(c.report.Declared, Claim{"key", fmt.Sprintf("%x of the aidant, whose public key has SHA-256 %s (the digest of its entry factor.added)", a.CredentialID, sum(a.PublicKey))})
	return nil
}

// skew is how much the clocks of a server and its database may differ.
const skew = time.Minute

// circumstances are before the signature.
func (c *checking) circumstances() error {
	o, until := c.file.Circumstances, c.file.SignedAt.Add(skew)
	if by := c.file.Confirmed; by != nil && by.At.After(until) {
		return errors.New("confirmed: after the signature")
	}
	for _, x := range []struct {
		name string
		at   *time.Time
	}{{"shown_at", o.ShownAt}, {"asked_at", o.AskedAt}, {"answered_at", o.AnsweredAt}} {
		switch {
		case x.at == nil:
		case x.at.After(until):
			return fmt.Errorf("circumstances: %s is after the signature", x.name)
		default:
			c.report.Declared = append(c.report.Declared, Claim{x.name, instant(*x.at)})
		}
	}
	return nil
}

// declare lists what no signature covers.
func (c *checking) declare() {
	f, r := c.file, &c.report
	if f.Assertion != nil {
		r.Proven = append(r.Proven, c.covered...)
	} else {
		r.Declared = append(r.Declared, c.covered...)
	}
	r.Declared = append(r.Declared, Claim{"mandate", f.Mandate.String()}, Claim{"draft", f.Draft.String()}, Claim{"organisation", f.Organisation.String()},
		Claim{"citizen", f.Citizen.String()}, Claim{"aidant", f.Aidant.String()}, Claim{"signed_at", instant(f.SignedAt)})
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
