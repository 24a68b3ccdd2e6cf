package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
)

// Errors of changing the journal's key.
var (
	ErrInterrupted = errors.New("KEYS_DIR: a change of the journal's key was interrupted; run the same command again")
	ErrJournalLost = errors.New("KEYS_DIR: keys of the journal have ended, and the one that came after them is not there: put it back, or `mandat admin journal-key replace`")
	ErrNoNext      = errors.New("KEYS_DIR: there is no next key of the journal; `mandat admin journal-key announce` makes it")
)

// LoadJournal reads what signs the journal: the key, the next one while there is one, and those that ended.
func LoadJournal(dir, kek string) (*tree.Signer, error) {
	k, err := ReadKEK(kek)
	if err != nil {
		return nil, err
	}
	return k.journal(dir)
}

func (k *KEK) journal(dir string) (*tree.Signer, error) {
	s, err := k.signer(dir, fileJournal)
	if err != nil {
		return nil, err
	}
	next, err := k.signer(dir, fileNext)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	former, err := readFormer(dir)
	if err != nil {
		return nil, err
	}
	if next != nil && next.VerifierKey() == s.VerifierKey() || ended(former, s.VerifierKey()) {
		return nil, ErrInterrupted
	}
	if s, err = s.With(next, former); err != nil {
		return nil, fmt.Errorf("KEYS_DIR: %w", err)
	}
	return s, nil
}

func (k *KEK) signer(dir, name string) (*tree.Signer, error) {
	text, err := k.read(dir, name)
	if err != nil {
		return nil, err
	}
	s, err := tree.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: not a signer key", name) // the error might quote it
	}
	return s, nil
}

// readFormer reads the keys that ended, in the order in which they did.
func readFormer(dir string) ([]format.Key, error) {
	content, err := os.ReadFile(filepath.Join(dir, fileFormer))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("KEYS_DIR: %w", err)
	}
	var out []format.Key
	for line := range strings.Lines(string(content)) {
		key, err := format.ParseFormer(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", fileFormer, len(out)+1, err)
		}
		out = append(out, key)
	}
	return out, nil
}

func addFormer(dir string, former []format.Key, key format.Key) error {
	var b strings.Builder
	for _, k := range append(former, key) {
		b.WriteString(k.Text() + "\n")
	}
	return writeFile(filepath.Join(dir, fileFormer), []byte(b.String()))
}

func ended(former []format.Key, vkey string) bool {
	return slices.ContainsFunc(former, func(k format.Key) bool { return k.VKey == vkey })
}

// AnnounceJournal makes the journal's next key, unless it is there, and returns the signer that has both.
func AnnounceJournal(dir, kek string) (*tree.Signer, error) {
	k, err := ReadKEK(kek)
	if err != nil {
		return nil, err
	}
	s, err := k.journal(dir)
	if err != nil || s.Next() != nil {
		return s, err
	}
	secret, _, err := tree.GenerateKey(s.Origin())
	if err != nil {
		return nil, err
	}
	if err := k.write(dir, fileNext, secret+"\n"); err != nil {
		return nil, err
	}
	return k.journal(dir)
}

func (k *KEK) write(dir, name, plain string) error {
	sealed, err := k.seal(name, []byte(plain))
	if err == nil {
		err = writeFile(filepath.Join(dir, name), sealed)
	}
	if err != nil {
		return fmt.Errorf("KEYS_DIR: %w", err)
	}
	return nil
}

// PassJournal lets the journal's next key sign alone. end ends the one before for every server (Pass), and says where. When it was
// interrupted after that, it is run again and only does what is left.
func PassJournal(dir, kek string, end func(*tree.Signer) (format.End, error)) error {
	k, err := ReadKEK(kek)
	if err != nil {
		return err
	}
	s, err := k.signer(dir, fileJournal)
	if err != nil {
		return err
	}
	text, err := k.read(dir, fileNext)
	if errors.Is(err, os.ErrNotExist) {
		return ErrNoNext
	}
	if err != nil {
		return err
	}
	next, err := k.signer(dir, fileNext)
	if err != nil {
		return err
	}
	if next.VerifierKey() != s.VerifierKey() {
		if err := endFirst(dir, k, s, next, end); err != nil {
			return err
		}
		if err := k.write(dir, fileJournal, string(text)); err != nil {
			return err
		}
	}
	return os.Remove(filepath.Join(dir, fileNext))
}

// endFirst ends the key that signs, and writes down where.
func endFirst(dir string, k *KEK, s, next *tree.Signer, end func(*tree.Signer) (format.End, error)) error {
	former, err := readFormer(dir)
	if err != nil || ended(former, s.VerifierKey()) {
		return err
	}
	if s, err = s.With(next, former); err != nil {
		return err
	}
	e, err := end(s)
	if err != nil {
		return err
	}
	return addFormer(dir, former, format.Key{VKey: s.VerifierKey(), End: &e})
}

// ReplaceJournal puts a new key in the place of one that was lost or stolen, and of the next one, which was with it. vkey is the public half of the
// one that was lost, as policy files have it; "": the one that is there. end ends it after so many others (Lose).
func ReplaceJournal(dir, kek, vkey, origin string, end func(before int, key format.Key) (format.End, error)) error {
	k, err := ReadKEK(kek)
	if err != nil {
		return err
	}
	if vkey == "" {
		s, err := k.signer(dir, fileJournal)
		if err != nil {
			return err
		}
		vkey = s.VerifierKey()
	}
	if _, err := format.NewKeys(format.Key{VKey: vkey}); err != nil || !strings.HasPrefix(vkey, origin+"+") {
		return fmt.Errorf("want the key of %s as policy files have it: %s+…", origin, origin)
	}
	former, err := readFormer(dir)
	if err != nil {
		return err
	}
	if !ended(former, vkey) {
		e, err := end(len(former), format.Key{VKey: vkey})
		if err != nil {
			return err
		}
		if err := addFormer(dir, former, format.Key{VKey: vkey, End: &e}); err != nil {
			return err
		}
	}
	secret, _, err := tree.GenerateKey(origin)
	if err != nil {
		return err
	}
	if err := k.write(dir, fileJournal, secret+"\n"); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, fileNext)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("KEYS_DIR: %w", err)
	}
	return nil
}
