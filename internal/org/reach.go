package org

import (
	"context"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/nyaruka/phonenumbers"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// The ways to reach somebody.
const (
	ByEmail = "email"
	ByPhone = "phone"
)

// ErrContact says that somebody cannot be reached there.
var ErrContact = errors.New("not an e-mail address or telephone number")

// regions are France and its territories.
var regions = []string{"FR", "GP", "GF", "MQ", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC"}

// tenDigits are the regions whose numbers are dialled as ten digits without a country code, in the order in which a number is tried: 05 96 … is
// Martinique's before it is mainland France's. The other territories have short numbers, which want their country code.
var tenDigits = []string{"GP", "GF", "MQ", "RE", "YT", "FR"}

// invented is how the mobile numbers begin that France's numbering plan keeps for works of fiction (06 39 98 xx xx), and forms for examples. They are
// nobody's, and well formed.
const invented = "+3363998"

// Phone returns a telephone number in the form +33199000000 (E.164), or ErrContact for what is none of France or its territories.
func Phone(s string) (string, error) {
	for _, region := range tenDigits {
		n, err := phonenumbers.Parse(s, region)
		if err != nil {
			continue
		}
		number := phonenumbers.Format(n, phonenumbers.E164)
		if phonenumbers.IsValidNumber(n) && slices.Contains(regions, phonenumbers.GetRegionCodeForNumber(n)) || strings.HasPrefix(number, invented) && len(number) == 12 {
			return number, nil
		}
	}
	return "", ErrContact
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
