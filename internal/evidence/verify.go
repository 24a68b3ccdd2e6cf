package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Claim is something that the file says.
type Claim struct{ Name, Value string }

// Report is what a file shows.
type Report struct {
	File     File
	SHA256   string  // of the file, hexadecimal: the evidence_sha256 of its entry mandate.signed
	Proven   []Claim // by the signature; without one, nothing is
	Declared []Claim // by the service; Fits shows since when
}

// Verify checks a file by itself. The error names the first thing that does not fit.
func Verify(data []byte) (Report, error) {
	f, err := decode(data)
	if err != nil {
		return Report{}, err
	}
	c := &checking{file: f, report: Report{File: f, SHA256: sum(data)}}
	for _, check := range []func() error{c.terms, c.texts, c.signature, c.times, c.circumstances} {
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

func (c *checking) terms() error {
	if sum(c.file.Terms) != c.file.TermsSHA256 {
		return errors.New("terms: their SHA-256 is not terms_sha256")
	}
	if json.Unmarshal(c.file.Terms, &c.members) != nil || c.members == nil {
		return errors.New("terms: no JSON object")
	}
	c.covered = append(c.covered, Claim{"terms", "SHA-256 " + c.file.TermsSHA256})
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
	for i, text := range c.file.Texts {
		if text.Shown() != named[i] {
			return fmt.Errorf("texts[%d]: not what the terms say was shown", i)
		}
		if !slices.Contains([]string{Plain, FALC, Translation}, text.Form) {
			return fmt.Errorf("texts[%d]: no form %q", i, text.Form)
		}
		c.covered = append(c.covered, Claim{"shown", fmt.Sprintf("%s, %s, template %s, %d bytes of %s, SHA-256 %s", text.Lang, text.Form, text.Template, len(text.Bytes), text.MediaType, named[i].SHA256)})
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

// times: nothing before the signature happened after it.
func (c *checking) times() error {
	o := c.file.Circumstances
	before := []*time.Time{o.InformedAt, o.IdentifiedAt, o.ShownAt, o.AskedAt, o.AnsweredAt}
	if by := c.file.Confirmed; by != nil {
		before = append(before, &by.At)
	}
	for _, t := range before {
		if t != nil && t.After(c.file.SignedAt) {
			return fmt.Errorf("circumstances: %s is after the signature", instant(*t))
		}
	}
	return nil
}

// circumstances are proven if the terms say them too.
func (c *checking) circumstances() error {
	data, err := json.Marshal(c.file.Circumstances)
	if err != nil {
		return errors.New("circumstances: cannot be read")
	}
	var said map[string]json.RawMessage
	if err := json.Unmarshal(data, &said); err != nil {
		return errors.New("circumstances: cannot be read")
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		in, ok := c.members[name]
		if !ok {
			c.report.Declared = append(c.report.Declared, Claim{name, string(said[name])})
			continue
		}
		if !sameJSON(in, said[name]) {
			return fmt.Errorf("circumstances: %s is not what the terms say", name)
		}
		c.covered = append(c.covered, Claim{name, string(said[name])})
	}
	return nil
}

// sameJSON compares two values written by the same encoder, whatever the blanks.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
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
