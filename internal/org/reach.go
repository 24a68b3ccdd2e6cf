package org

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/numbering"
)

// The ways to reach somebody.
const (
	ByEmail = "email"
	ByPhone = "phone"
)

// ErrContact says that somebody cannot be reached there.
var ErrContact = errors.New("not an e-mail address or telephone number")

// Phone returns a telephone number in the form +33199000000 (E.164), or ErrContact for what is none of France or its territories.
func Phone(s string) (string, error) {
	number, ok := numbering.Read(s)
	if !ok {
		return "", ErrContact
	}
	return number, nil
}

// Email returns an address in lower case, or ErrContact for what is none. It has the letters of ASCII alone: others look like them,
// or become them in lower case (U+212A becomes k), and an address says who somebody is.
func Email(s string) (string, error) {
	s = strings.TrimSpace(s)
	if strings.ContainsFunc(s, func(c rune) bool { return c > unicode.MaxASCII }) {
		return "", ErrContact
	}
	s = strings.ToLower(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) < 3 || len(s) > 254 || strings.ContainsAny(s, " \"<>\r\n") {
		return "", ErrContact
	}
	return s, nil
}

type contactShown struct {
	Person string `json:"person"`
	Kind   string `json:"kind"`
}

// Reach is the part of an act that notes how somebody is reached from now on, who has shown that the address or number is theirs. It returns the
// event of the act. Errors: db.ErrConflict for who is suspended; a violation of the index person_email when the address is somebody else's.
func Reach(ctx context.Context, tx *journal.Tx, person uuid.UUID, by, value string) (journal.Event, error) {
	set := `update person set email = $2, email_verified_at = $3 where id = $1 and suspended_at is null`
	if by == ByPhone {
		set = `update person set phone = $2, phone_verified_at = $3 where id = $1 and suspended_at is null`
	}
	return journal.Event{Action: "person.contact_shown", Detail: contactShown{person.String(), by}}, tx.ExecOne(ctx, db.ErrConflict, set, person, value, tx.Now)
}
