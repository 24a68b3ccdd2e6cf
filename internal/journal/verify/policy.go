package verify

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"

	"mandat/internal/journal/format"
)

// maxPolicy is the most bytes a policy file may have.
const maxPolicy = 64 << 10

// Policy says which logs are trusted and which witnesses must have cosigned a checkpoint (C2SP tlog-policy).
//
// A line of our own, "former <vkey> <size> <root>", names a key with which the log signed before: on trees of at most so many entries, of
// which the last has this root. Other readers of policies refuse a file with a word they do not know, rather than believe the key for ever.
type Policy struct {
	logs   *format.Keys
	names  []string
	quorum witness.Group
}

// ParsePolicy reads a policy file. At least one log must be named: whom to trust never comes from what is checked.
func ParsePolicy(text []byte) (*Policy, error) {
	if len(text) > maxPolicy {
		return nil, errors.New("policy: too long")
	}
	p := &policyReader{defined: map[string]bool{"none": true}, keys: map[string]bool{}}
	for i, line := range strings.Split(string(text), "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("policy: line %d: %w", i+1, err)
		}
	}
	if !p.quorum {
		return nil, errors.New("policy: no quorum line")
	}
	if len(p.names) == 0 {
		return nil, errors.New("policy: no log line")
	}
	group, err := witness.ParsePolicy(p.witnesses.Bytes())
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	out := &Policy{names: p.names, quorum: group}
	if out.logs, err = format.NewKeys(p.logs...); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return out, nil
}

// Keys are the logs' keys, those that ended among them.
func (p *Policy) Keys() *format.Keys { return p.logs }

// open reads a checkpoint that the policy trusts, and says whose signatures on it count.
func (p *Policy) open(signed []byte) (format.Checkpoint, []string, error) {
	c, by, err := p.logs.Open(signed)
	if err != nil {
		return format.Checkpoint{}, nil, err
	}
	if !p.quorum.Satisfied(signed) {
		return format.Checkpoint{}, nil, errors.New("checkpoint: not cosigned by the quorum of witnesses that the policy asks for")
	}
	return c, by, nil
}

// policyReader reads a policy line by line. It keeps the logs, and passes the rest on in the form that the witness
// package reads, which ignores logs and wants an address for each witness.
type policyReader struct {
	logs      []format.Key
	names     []string        // of the logs with a key that has not ended
	keys      map[string]bool // public keys seen
	defined   map[string]bool // names of witnesses and groups
	members   map[string]bool
	quorum    bool
	witnesses bytes.Buffer
}

func (p *policyReader) line(line string) error {
	for _, c := range []byte(line) {
		if (c < ' ' && c != '\t') || c == 0x7f {
			return errors.New("control character")
		}
	}
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
		return nil
	}
	switch fields[0] {
	case "log":
		return p.log(fields[1:])
	case "former":
		return p.former(fields[1:])
	case "witness":
		return p.witness(fields[1:])
	case "group":
		return p.group(fields[1:])
	case "quorum":
		if len(fields) != 2 || p.quorum || !p.defined[fields[1]] {
			return errors.New("want one quorum, of a name defined above, or none")
		}
		p.quorum = true
		fmt.Fprintln(&p.witnesses, "quorum", fields[1])
		return nil
	}
	return errors.New("unknown keyword")
}

func (p *policyReader) log(f []string) error {
	if len(f) < 1 || len(f) > 2 {
		return errors.New("want: log <vkey> [<url>]")
	}
	v, err := note.NewVerifier(f[0])
	if err != nil {
		return errors.New("not an Ed25519 verifier key")
	}
	p.logs, p.names = append(p.logs, format.Key{VKey: f[0]}), append(p.names, v.Name())
	return p.once(f[0])
}

// former is a key of a log whose later key was named before it.
func (p *policyReader) former(f []string) error {
	k, err := format.ParseFormer(f)
	if err != nil {
		return err
	}
	v, err := note.NewVerifier(k.VKey)
	if err != nil {
		return errors.New("not an Ed25519 verifier key")
	}
	if !slices.Contains(p.names, v.Name()) {
		return errors.New("no log line above names the key that came after it")
	}
	p.logs = append(p.logs, k)
	return p.once(k.VKey)
}

func (p *policyReader) witness(f []string) error {
	if len(f) < 2 || len(f) > 3 {
		return errors.New("want: witness <name> <vkey> [<url>]")
	}
	if err := p.define(f[0]); err != nil {
		return err
	}
	fmt.Fprintln(&p.witnesses, "witness", f[0], f[1], "https://unused.invalid/")
	return p.once(f[1])
}

func (p *policyReader) group(f []string) error {
	if len(f) < 3 {
		return errors.New("want: group <name> all|any|<k> <name>…")
	}
	for _, name := range f[2:] {
		if name == "none" || !p.defined[name] || p.members[name] {
			return errors.New("a member must be defined above, and be in one group only")
		}
		if p.members == nil {
			p.members = map[string]bool{}
		}
		p.members[name] = true
	}
	if k := f[1]; k != "all" && k != "any" {
		if n, err := format.ParseIndex(k); err != nil || n < 1 || n > int64(len(f)-2) {
			return errors.New("threshold out of range")
		}
	}
	fmt.Fprintln(&p.witnesses, "group", strings.Join(f, " "))
	return p.define(f[0])
}

func (p *policyReader) define(name string) error {
	if p.defined[name] || strings.Contains(name, "#") {
		return errors.New("name used twice, or with a #")
	}
	p.defined[name] = true
	return nil
}

// once refuses a public key that was named before, under whatever name.
func (p *policyReader) once(vkey string) error {
	fields := strings.SplitN(vkey, "+", 3) // <name>+<hash>+<base64, which may hold a plus>
	key := fields[len(fields)-1]
	if p.keys[key] {
		return errors.New("the same key twice")
	}
	p.keys[key] = true
	return nil
}
