package credential

import (
	"encoding/base32"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	digits = 6

	appPeriod  = 30 * time.Second
	cardPeriod = 60 * time.Second
	appWindow  = 1 // steps before and after now that an application may show
	cardWindow = 2 // steps around its drift that a card may show

	// maxDrift is how far, in steps, a card's clock may be from ours, whatever was learnt of it. Twenty minutes are years of a bad
	// clock; a card that is further off is replaced.
	maxDrift = 20
)

// asCode is RFC 6238 with SHA-1: what applications and cards know.
var asCode = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// noCode is what is compared when there is no code: nobody can type it (see tidy).
const noCode = "no code"

// code is a one-time password (HOTP, RFC 4226 section 5.3) of six digits. A step of RFC 6238 is its counter. The library's own check of
// codes does not say which step matched, which has to be stored, so each step's code is made and compared here.
func code(seed []byte, step int64) string {
	if step < 0 {
		return noCode
	}
	made, err := hotp.GenerateCodeCustom(base32.StdEncoding.EncodeToString(seed), uint64(step), asCode)
	if err != nil { // what was encoded can be decoded
		return noCode
	}
	return made
}
