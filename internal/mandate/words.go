package mandate

import (
	"encoding/base64"
	"encoding/hex"
	"unicode/utf8"

	"mandat/internal/journal"
)

// SealWords encrypts what the actor typed to find a citizen, so that the pages of what was found can have addresses: names must not stand in those,
// which are kept in histories and logs. Only the same person opens it, for the same organisation, in the same session: it is worth nothing to who
// finds it elsewhere, or later.
func (r *Register) SealWords(by journal.Actor, words string) (string, error) {
	return r.sealFor(by, "words", words)
}

func (r *Register) sealFor(by journal.Actor, what, text string) (string, error) {
	wrapped, sealed, err := r.keys.Seal(by.Person, sessionPurpose(by, what), []byte(text))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(append([]byte{byte(len(wrapped))}, wrapped...), sealed...)), nil //nolint:gosec // a wrapped key has some 60 bytes
}

// OpenWords is what was typed; ok is false for what this actor has not sealed in this session.
func (r *Register) OpenWords(by journal.Actor, text string) (words string, ok bool) {
	return r.openFor(by, "words", text)
}

func (r *Register) openFor(by journal.Actor, what, text string) (string, bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 || len(b) < 1+int(b[0]) {
		return "", false
	}
	plain, err := r.keys.Unseal(by.Person, sessionPurpose(by, what), b[1:1+int(b[0])], b[1+int(b[0]):])
	if err != nil || !utf8.Valid(plain) {
		return "", false
	}
	return string(plain), true
}

func sessionPurpose(by journal.Actor, what string) string {
	return "mandate." + what + " " + by.Organisation.String() + " " + hex.EncodeToString(by.Session)
}
