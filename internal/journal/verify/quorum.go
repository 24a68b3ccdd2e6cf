package verify

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// maxWitnesses is how many a policy may name: each signature on a checkpoint is tried with each of them.
const maxWitnesses = 64

// Witness is another body that cosigns the checkpoints which continue those it has seen (C2SP tlog-cosignature).
type Witness struct {
	Name string        // in the policy, and nowhere else
	URL  string        // submission prefix (C2SP tlog-witness); "" in policies of who only checks
	Key  note.Verifier // of its cosignatures
}

// ID is the name and the hash of the witness' key, as they stand on its cosignatures.
func (w Witness) ID() string { return fmt.Sprintf("%s+%08x", w.Key.Name(), w.Key.KeyHash()) }

// Submission is where checkpoints are sent.
func (w Witness) Submission() (string, error) {
	u, err := url.Parse(w.URL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("witness %s: want an http or https address", w.Name)
	}
	return u.JoinPath("add-checkpoint").String(), nil
}

func readWitness(name, vkey string) (Witness, error) {
	key, err := fnote.NewVerifierForCosignatureV1(vkey)
	if err != nil {
		return Witness{}, errors.New("not a cosignature verifier key")
	}
	return Witness{Name: name, Key: key}, nil
}

// group wants cosignatures of so many of its members, which are witnesses and groups.
type group struct {
	threshold int
	members   []string
}

// quorum is what a policy asks of witnesses. A member was defined before its group, so that no group holds itself.
type quorum struct {
	name      string
	witnesses []Witness
	groups    map[string]group
}

// Satisfied reports whether the cosignatures on a checkpoint are enough. Who signed it as its log, it does not ask.
func (q *quorum) Satisfied(signed []byte) bool {
	n, err := note.Open(signed, q.verifiers())
	if err != nil {
		return false
	}
	return q.reached(q.name, func(w Witness) bool {
		return slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Name == w.Key.Name() && s.Hash == w.Key.KeyHash() })
	})
}

func (q *quorum) verifiers() note.Verifiers {
	all := make([]note.Verifier, len(q.witnesses))
	for i, w := range q.witnesses {
		all[i] = w.Key
	}
	return note.VerifierList(all...)
}

// reached reports whether a witness, or enough members of a group, have cosigned.
func (q *quorum) reached(name string, cosigned func(Witness) bool) bool {
	if g, ok := q.groups[name]; ok {
		n := 0
		for _, member := range g.members {
			if q.reached(member, cosigned) {
				n++
			}
		}
		return n >= g.threshold
	}
	i := slices.IndexFunc(q.witnesses, func(w Witness) bool { return w.Name == name })
	return i >= 0 && cosigned(q.witnesses[i])
}

// since is when, by their own clocks, so many witnesses had cosigned a checkpoint that they were enough; false: they never were.
func (q *quorum) since(signed []byte) (time.Time, bool) {
	n, err := note.Open(signed, q.verifiers())
	if err != nil {
		return time.Time{}, false
	}
	return q.enough(n.Sigs)
}

// claimed is what since would say if all cosignatures were good. None is checked.
func (q *quorum) claimed(signed []byte) (time.Time, bool) {
	_, lines, _ := strings.Cut(string(signed), "\n\n")
	var all []note.Signature
	for line := range strings.SplitSeq(lines, "\n") {
		if f := strings.Split(line, " "); len(f) == 3 {
			all = append(all, note.Signature{Name: f[1], Base64: f[2]})
		}
	}
	for i, s := range all {
		if raw, err := base64.StdEncoding.DecodeString(s.Base64); err == nil && len(raw) > 4 {
			all[i].Hash = binary.BigEndian.Uint32(raw)
		}
	}
	return q.enough(all)
}

// enough is the time of the last of the first cosignatures that are enough.
func (q *quorum) enough(all []note.Signature) (time.Time, bool) {
	at := map[string]time.Time{}
	var times []time.Time
	for _, s := range all {
		i := slices.IndexFunc(q.witnesses, func(w Witness) bool { return s.Name == w.Key.Name() && s.Hash == w.Key.KeyHash() })
		if i < 0 {
			continue
		}
		t, err := fnote.CoSigV1Timestamp(s)
		if err != nil || t.Year() < 0 || t.Year() > 9999 {
			continue
		}
		if _, twice := at[q.witnesses[i].Name]; !twice {
			at[q.witnesses[i].Name], times = t, append(times, t)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	for _, until := range times {
		if q.reached(q.name, func(w Witness) bool { t, ok := at[w.Name]; return ok && !t.After(until) }) {
			return until, true
		}
	}
	return time.Time{}, false
}
