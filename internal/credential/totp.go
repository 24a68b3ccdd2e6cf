package credential

import (
	"crypto/subtle"
	"encoding/base32"
	"time"

	"github.com/google/uuid"
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

// generator is an application or a card of a person.
type generator struct {
	id       uuid.UUID
	kind     string
	seed     []byte
	period   time.Duration
	drift    int   // in steps: how far the generator's clock was before ours, or behind
	lastStep int64 // of the last code that was accepted
}

// step is the number of the period that an instant lies in.
func (g *generator) step(now time.Time) int64 { return now.Unix() / int64(g.period/time.Second) }

// window is how many steps around the drift are looked at for a single code.
func (g *generator) window() int {
	if g.kind == KindCard {
		return cardWindow
	}
	return appWindow
}

// match finds the step that a typed code is of, within so many steps around a drift and never further than maxDrift from now. A
// step that was accepted, or lies before it, counts no more. Every step is compared, however early one fits.
func (g *generator) match(typed string, now time.Time, around, within int) (step int64, ok bool) {
	for d := -within; d <= within; d++ {
		drift := around + d
		at := g.step(now) + int64(drift)
		if subtle.ConstantTimeCompare([]byte(code(g.seed, at)), []byte(typed)) == 1 && drift >= -maxDrift && drift <= maxDrift && at > g.lastStep {
			step, ok = at, true
		}
	}
	return step, ok
}

// matchTwo finds the step of the second of two codes that follow each other, anywhere within maxDrift: what one code alone would
// have a chance of forty in a million to hit, two have of forty in a million millions.
func (g *generator) matchTwo(first, second string, now time.Time) (step int64, ok bool) {
	for d := -maxDrift; d < maxDrift; d++ {
		at := g.step(now) + int64(d)
		both := subtle.ConstantTimeCompare([]byte(code(g.seed, at)), []byte(first)) & subtle.ConstantTimeCompare([]byte(code(g.seed, at+1)), []byte(second))
		if both == 1 && at > g.lastStep {
			step, ok = at+1, true
		}
	}
	return step, ok
}
