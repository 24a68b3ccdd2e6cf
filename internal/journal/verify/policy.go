package verify

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	quorum *quorum // nil: no cosignature is asked for

	witnesses []Witness
}

// ParsePolicy reads a policy file. At least one log must be named: whom to trust never comes from what is checked.
func ParsePolicy(text []byte) (*Policy, error) {
	if len(text) > maxPolicy {
		return nil, errors.New("policy: too long")
	}
	p := &policyReader{defined: map[string]bool{noQuorum: true}, keys: map[string]bool{}, members: map[string]bool{}, groups: map[string]group{}}
	for i, line := range strings.Split(string(text), "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("policy: line %d: %w", i+1, err)
		}
	}
	if p.quorum == "" {
		return nil, errors.New("policy: no quorum line")
	}
	if len(p.names) == 0 {
		return nil, errors.New("policy: no log line")
	}
	out := &Policy{names: p.names, quorum: p.asked(), witnesses: p.witnesses}
	var err error
	if out.logs, err = format.NewKeys(p.logs...); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if out.quorum != nil {
		out.logs = out.logs.Witnessed(out.quorum)
	}
	return out, nil
}

// Keys are the logs' keys, those that ended among them, with the quorum of witnesses that is asked for.
func (p *Policy) Keys() *format.Keys { return p.logs }

// Witnesses lists those that the policy names, whether or not the quorum needs them.
func (p *Policy) Witnesses() []Witness { return p.witnesses }

// Reaches reports whether the quorum would stand if these witnesses, and no others, had cosigned.
func (p *Policy) Reaches(cosigned func(Witness) bool) bool {
	return p.quorum == nil || p.quorum.reached(p.quorum.name, cosigned)
}

// signed reads a checkpoint that a log of the policy has signed, and says whose signatures on it count.
func (p *Policy) signed(b []byte) (format.Checkpoint, []string, error) { return p.logs.Open(b) }

// open reads a checkpoint that the policy trusts: as signed does, and a quorum of witnesses has cosigned it.
func (p *Policy) open(b []byte) (format.Checkpoint, []string, error) {
	c, by, err := p.logs.Open(b)
	if err != nil {
		return format.Checkpoint{}, nil, err
	}
	if p.quorum != nil && !p.quorum.Satisfied(b) {
		return format.Checkpoint{}, nil, errors.New("checkpoint: not cosigned by the quorum of witnesses that the policy asks for")
	}
	return c, by, nil
}

// since says when enough witnesses had cosigned a kept checkpoint; zero: they had not, or none are asked for. Cosignatures are costly to check, and
// checkpoints many: it is not asked of those that say much the same as the one of the time last does.
func (p *Policy) since(b []byte, last time.Time) time.Time {
	if p.quorum == nil {
		return time.Time{}
	}
	claimed, ok := p.quorum.claimed(b)
	if !ok || claimed.Sub(last).Abs() < Tolerance/10 {
		return time.Time{}
	}
	at, ok := p.quorum.since(b)
	if !ok {
		return time.Time{}
	}
	return at
}

// policyReader reads a policy line by line.
type policyReader struct {
	logs      []format.Key
	names     []string        // of the logs with a key that has not ended
	keys      map[string]bool // public keys seen
	defined   map[string]bool // names of witnesses and groups
	members   map[string]bool
	witnesses []Witness
	groups    map[string]group
	quorum    string // the name on its line; "" before it
}

// asked is the quorum that was read; nil: none.
func (p *policyReader) asked() *quorum {
	if p.quorum == noQuorum {
		return nil
	}
	return &quorum{name: p.quorum, witnesses: p.witnesses, groups: p.groups}
}

// noQuorum is the name of the quorum without witnesses.
const noQuorum = "none"

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
		if len(fields) != 2 || p.quorum != "" || !p.defined[fields[1]] {
			return errors.New("want one quorum, of a name defined above, or none")
		}
		p.quorum = fields[1]
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
	if len(p.witnesses) >= maxWitnesses {
		return errors.New("too many witnesses")
	}
	w, err := readWitness(f[0], f[1])
	if err != nil {
		return err
	}
	if len(f) == 3 {
		w.URL = f[2]
	}
	if err := p.define(f[0]); err != nil {
		return err
	}
	p.witnesses = append(p.witnesses, w)
	return p.once(f[1])
}

func (p *policyReader) group(f []string) error {
	if len(f) < 3 {
		return errors.New("want: group <name> all|any|<k> <name>…")
	}
	g := group{members: f[2:]}
	for _, name := range g.members {
		if name == noQuorum || !p.defined[name] || p.members[name] {
			return errors.New("a member must be defined above, and be in one group only")
		}
		p.members[name] = true
	}
	switch f[1] {
	case "all":
		g.threshold = len(g.members)
	case "any":
		g.threshold = 1
	default:
		n, err := format.ParseIndex(f[1])
		if err != nil || n < 1 || n > int64(len(g.members)) {
			return errors.New("threshold out of range")
		}
		g.threshold = int(n)
	}
	p.groups[f[0]] = g
	return p.define(f[0])
}

func (p *policyReader) define(name string) error {
	if p.defined[name] || strings.Contains(name, "#") {
		return errors.New("name used twice, or with a #")
	}
	p.defined[name] = true
	return nil
}

// once refuses a public key that was named before, under whatever name, and for whatever use: the byte before it says for which, and a key may stand there with one or another.
func (p *policyReader) once(vkey string) error {
	fields := strings.SplitN(vkey, "+", 3) // <name>+<hash>+<base64, which may hold a plus>
	raw, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(raw) < 2 {
		return errors.New("not a verifier key")
	}
	key := string(raw[1:])
	if p.keys[key] {
		return errors.New("the same key twice")
	}
	p.keys[key] = true
	return nil
}
