// Package keyring keeps the program's keys in a folder outside the database: one file each, readable by its owner alone, and
// encrypted under the key-encryption keyset, which lies elsewhere (kek.go).
//
//	index.key      key of the blind indexes (32 bytes, hexadecimal). It cannot be rotated without reading every citizen.
//	journal.key    signs the journal's checkpoints (signed note, Ed25519). Its public half is in every policy file.
//	journal-next.key                the journal's next key, while both sign (journal.go).
//	journal.former                  the journal's keys that ended: public halves, and where they did.
//	seal.key, seal.pem              seal documents: key and certificate chain (PAdES); the chain is public, and in clear.
//
// The keys that sign tokens are in the database, sealed (package signingkey). Whoever reads this folder and has the keyset can
// open citizens' data and speak in our name. The folder is copied apart from the database, and the keyset apart from both.
package keyring

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mandat/internal/envelope"
	"mandat/internal/journal/tree"
	"mandat/internal/pdf"
	"mandat/internal/token"
)

// Keyring is every key of the program, ready to use.
type Keyring struct {
	Envelope *envelope.Keys
	Journal  *tree.Signer
	Sealer   *pdf.Sealer
}

// The files of a folder.
const (
	fileKEK     = "kek.json" // where the keyset lay once
	fileIndex   = "index.key"
	fileJournal = "journal.key"
	fileNext    = "journal-next.key"
	fileFormer  = "journal.former"

	// FileSealKey and FileSealChain are not made by Generate: the seal's certificate comes from a certification body, or
	// from `make certs` for development.
	FileSealKey   = "seal.key"
	FileSealChain = "seal.pem"
)

// private are the files that are encrypted. All but the next key of the journal are always there.
var private = []string{fileIndex, fileJournal, fileNext, FileSealKey}

// Generate makes the keys that are missing in a folder and never replaces one. origin is the journal's name, kek the text of the
// key-encryption keyset. It returns the names of the files it made.
func Generate(dir, origin, kek string) ([]string, error) {
	k, err := ReadKEK(kek)
	if err != nil {
		return nil, err
	}
	if err := k.checkOrigin(dir, origin); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	makers := []struct {
		name string
		make func() ([]byte, error)
	}{
		{fileIndex, func() ([]byte, error) { return []byte(token.Hex(32) + "\n"), nil }},
		{fileJournal, func() ([]byte, error) {
			signer, _, err := tree.GenerateKey(origin)
			return []byte(signer + "\n"), err
		}},
	}
	var made []string
	for _, m := range makers {
		path := filepath.Join(dir, m.name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		content, err := m.make()
		if err == nil {
			content, err = k.seal(m.name, content)
		}
		if err == nil {
			err = writeNew(path, content)
		}
		if err != nil {
			return made, fmt.Errorf("make %s: %w", m.name, err)
		}
		made = append(made, m.name)
	}
	return made, nil
}

// checkOrigin refuses a name that no journal can have, and one that is not the name of the journal whose key is there.
func (k *KEK) checkOrigin(dir, origin string) error {
	if origin == "" || strings.ContainsAny(origin, "+ \t\r\n") || strings.Contains(origin, "://") {
		return fmt.Errorf("journal origin %q: want a host and a path without https://, blanks or +, such as mandat.example/journal", origin)
	}
	content, err := os.ReadFile(filepath.Join(dir, fileJournal))
	if errors.Is(err, os.ErrNotExist) {
		former, err := readFormer(dir)
		if len(former) > 0 {
			return ErrJournalLost
		}
		return err
	}
	if err == nil {
		content, err = k.open(fileJournal, content)
	}
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	signer, err := tree.NewSigner(strings.TrimSpace(string(content)))
	if err != nil {
		return fmt.Errorf("%s: not a signer key", fileJournal) // the error might quote it
	}
	if signer.Origin() != origin {
		return fmt.Errorf("%s is there already, for the journal %q: a journal keeps its name for ever", fileJournal, signer.Origin())
	}
	return nil
}

// writeNew writes a file that must not exist.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// Load reads every key of a folder, with the text of the key-encryption keyset. Errors name the file, never its content.
func Load(dir, kek string) (*Keyring, error) {
	root, err := ReadKEK(kek)
	if err != nil {
		return nil, err
	}
	if err := checkAlone(dir); err != nil {
		return nil, err
	}
	k := &Keyring{}
	if k.Envelope, err = loadEnvelope(dir, root); err != nil {
		return nil, err
	}
	if k.Journal, err = root.journal(dir); err != nil {
		return nil, err
	}
	k.Sealer, err = loadSealer(dir, root)
	return k, err
}

// read reads a private file.
func (k *KEK) read(dir, name string) ([]byte, error) {
	content, err := read(dir, name)
	if err != nil {
		return nil, err
	}
	plain, err := k.open(name, content)
	if err != nil {
		return nil, fmt.Errorf("KEYS_DIR: %w", err)
	}
	return plain, nil
}

func read(dir, name string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(dir, name))
	switch {
	case errors.Is(err, os.ErrNotExist) && (name == FileSealKey || name == FileSealChain):
		return nil, fmt.Errorf("KEYS_DIR: %w; the seal's key (PKCS #8, %s) and certificate chain (%s) come from a certification body", err, FileSealKey, FileSealChain)
	case errors.Is(err, os.ErrNotExist) && name == fileJournal:
		return nil, fmt.Errorf("KEYS_DIR: %w; `mandat admin keys` makes it for a new journal, `mandat admin journal-key replace` in the place of one that was lost", err)
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("KEYS_DIR: %w; `mandat admin keys` makes what is missing", err)
	}
	if err != nil {
		return nil, fmt.Errorf("KEYS_DIR: %w", err)
	}
	return content, nil
}

func loadEnvelope(dir string, root *KEK) (*envelope.Keys, error) {
	text, err := root.read(dir, fileIndex)
	if err != nil {
		return nil, err
	}
	index, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: not hexadecimal", fileIndex)
	}
	return envelope.New(root.handle, index)
}
