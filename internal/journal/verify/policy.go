package verify

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"

	"mandat/internal/journal/format"
)

// maxPolicy is the most bytes a policy file may have.
const maxPolicy = 64 << 10

// Policy says which logs are trusted and which witnesses must have cosigned a checkpoint (C2SP tlog-policy).
type Policy struct {
	logs   note.Verifiers
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
	if len(p.logs) == 0 {
		return nil, errors.New("policy: no log line")
	}
	group, err := witness.ParsePolicy(p.witnesses.Bytes())
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	out := &Policy{logs: note.VerifierList(p.logs...), quorum: group}
	for _, l := range p.logs {
		out.names = append(out.names, l.Name())
	}
	return out, nil
}

// open reads a checkpoint that the policy trusts.
func (p *Policy) open(signed []byte) (format.Checkpoint, error) {
	c, err := format.OpenCheckpoint(signed, p.logs)
	if err != nil {
		return format.Checkpoint{}, err
	}
	if !p.quorum.Satisfied(signed) {
		return format.Checkpoint{}, errors.New("checkpoint: not cosigned by the quorum of witnesses that the policy asks for")
	}
	return c, nil
}

// policyReader reads a policy line by line. It keeps the logs, and passes the rest on in the form that the witness
// package reads, which ignores logs and wants an address for each witness.
type policyReader struct {
	logs      []note.Verifier
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
	p.logs = append(p.logs, v)
	return p.once(f[0])
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
