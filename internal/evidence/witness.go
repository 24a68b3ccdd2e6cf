package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
)

// toldLater are the members of terms that a second colleague did not attest: how the agreement came about, which they are part of.
var toldLater = []string{"witness", "agreement", "shown"}

// witness finds which terms the second colleague whom the terms name has attested.
func (c *checking) witness() error {
	member, ok := c.members["witness"]
	if !ok {
		return nil
	}
	var said struct {
		Person uuid.UUID `json:"person"`
		At     time.Time `json:"at"`
	}
	if json.Unmarshal(member, &said) != nil || said.Person == uuid.Nil {
		return errors.New("terms: witness cannot be read")
	}
	if said.Person == c.file.Aidant {
		return errors.New("terms: the aidant is their own witness")
	}
	if said.At.After(c.file.SignedAt.Add(skew)) {
		return errors.New("terms: the witness came after the signature")
	}
	digest, err := attestedDigest(c.file.Terms)
	if err != nil {
		return err
	}
	c.report.Witness, c.report.Attested = said.Person, digest
	c.covered = append(c.covered, Claim{"witness", said.Person.String() + " at " + instant(said.At) + ", of terms with SHA-256 " + digest + " (terms_sha256 of their entry draft.witnessed)"})
	return nil
}

// attestedDigest is the SHA-256 of terms without what was told later. The other members stay as they are, byte for byte, and in their order.
func attestedDigest(terms []byte) (string, error) {
	unreadable := errors.New("terms: no JSON object")
	d := json.NewDecoder(bytes.NewReader(terms))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", unreadable
	}
	var members [][]byte
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return "", unreadable
		}
		if slices.Contains(toldLater, name) {
			continue
		}
		key, err := json.Marshal(name)
		if err != nil {
			return "", unreadable
		}
		members = append(members, slices.Concat(key, []byte(":"), value))
	}
	return sum(slices.Concat([]byte("{"), bytes.Join(members, []byte(",")), []byte("}"))), nil
}
