package credential

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/throttle"
)

// budget is what may be tried of a kind by somebody: five codes at once and then one a minute, and no more than fifty wrong ones in a
// day, which is twenty-five a day for who never stops. Of the codes of six digits three count at a time for an application and five for a
// card, so that an even chance of one takes some twenty-five years against an application, and six against one and two cards
// together. The person is told every day.
func budget(of, who string) []throttle.Allowance {
	return []throttle.Allowance{{Of: of, Who: who, Burst: 5, Every: time.Minute}, {Of: of + ".day", Who: who, Burst: 25, Every: 24 * time.Hour / 25}}
}

// trying is the allowance of a person's codes. Whoever tries them from a browser in which that person has never signed in uses up what is
// for strangers; each of the person's own browsers has as much for itself, so that they need not wait for what others try.
func trying(person uuid.UUID, device []byte, from netip.Addr) []throttle.Allowance {
	if device != nil {
		return append(budget("factor.device", person.String()+" "+hex.EncodeToString(device)), near(from))
	}
	return append(budget("factor.account", person.String()), near(from))
}

// adding is the allowance of codes by which a person adds an application or a card: they have given a factor, or have none.
func adding(person uuid.UUID, from netip.Addr) []throttle.Allowance {
	return append(budget("factor.added", person.String()), near(from))
}

// near is the network's allowance: a whole organisation may share an address.
func near(from netip.Addr) throttle.Allowance {
	return throttle.Allowance{Of: "factor.network", Who: throttle.Network(from), Burst: 200, Every: 2 * time.Second}
}

// Code checks a code that a person typed: of their application or card, or a recovery code, whichever it looks like; blanks, hyphens
// and case do not matter. by is whoever has shown already who they say they are, by a session or a link from an e-mail. device is the
// browser's, if that person has signed in with it before (session.Known), else nil. Every code is counted before it is compared,
// for the account or the device, and for the network it came from, and given back when it was right.
//
// Errors: ErrWrong; ErrWait, and nothing was compared. A recovery code that is used is an act of by, and the person is told.
func (r *Register) Code(ctx context.Context, by journal.Actor, typed string, from netip.Addr, device []byte) (Given, error) {
	person, typed := by.Person, tidy(typed)
	recovery := len(typed) == recoveryLength
	if !recovery && !numeric(typed) {
		return Given{}, ErrWrong // no code looks like it, so nothing was tried
	}
	allowances := trying(person, device, from)
	if err := r.count(ctx, allowances); err != nil {
		return Given{}, r.refused(ctx, person, err)
	}
	var given Given
	var err error
	if recovery {
		given, err = r.useRecovery(ctx, by, typed)
	} else {
		given, err = r.useGenerator(ctx, person, func(g *generator, now time.Time) (int64, bool) { return g.match(typed, now, g.drift, g.window()) })
	}
	if err != nil {
		return Given{}, err
	}
	return given, r.right(ctx, allowances)
}

// Resync is Code for a card whose clock went away from ours: two codes that follow each other, up to twenty minutes off. What is
// learnt of its clock is kept.
func (r *Register) Resync(ctx context.Context, person uuid.UUID, first, second string, from netip.Addr, device []byte) (Given, error) {
	first, second = tidy(first), tidy(second)
	if !numeric(first) || !numeric(second) {
		return Given{}, ErrWrong
	}
	allowances := trying(person, device, from)
	if err := r.count(ctx, allowances); err != nil {
		return Given{}, r.refused(ctx, person, err)
	}
	given, err := r.useGenerator(ctx, person, func(g *generator, now time.Time) (int64, bool) {
		if g.kind != KindCard {
			return 0, false
		}
		return g.matchTwo(first, second, now)
	})
	if err != nil {
		return Given{}, err
	}
	return given, r.right(ctx, allowances)
}

// useGenerator finds which of a person's generators a code is of, and marks its step as used.
func (r *Register) useGenerator(ctx context.Context, person uuid.UUID, match func(*generator, time.Time) (int64, bool)) (Given, error) {
	all, err := r.generators(ctx, person, `confirmed_at is not null`)
	if err != nil {
		return Given{}, err
	}
	now := r.clock.Now()
	for _, g := range all {
		step, ok := match(&g, now)
		if !ok {
			continue
		}
		drift := 0
		if g.kind == KindCard {
			drift = int(step - g.step(now))
		}
		err := r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
			return tx.ExecOne(ctx, ErrWrong, `update credential_totp set last_step = $2, drift = $3, used_at = $4 where id = $1 and last_step < $2 and confirmed_at is not null`,
				g.id, step, drift, now)
		})
		return Given{Person: person, Kind: g.kind, At: now}, wrap("use code", err)
	}
	return Given{}, ErrWrong
}

// count takes from allowances, or returns ErrWait.
func (r *Register) count(ctx context.Context, allowances []throttle.Allowance) error {
	wait, err := r.throttle.Take(ctx, allowances...)
	if err != nil {
		return fmt.Errorf("count codes: %w", err)
	}
	if wait > 0 {
		return ErrWait{Until: r.clock.Now().Add(wait)}
	}
	return nil
}

// right gives back what was counted for a code that was right: only wrong ones use an allowance up.
func (r *Register) right(ctx context.Context, allowances []throttle.Allowance) error {
	if err := r.throttle.GiveBack(ctx, allowances...); err != nil {
		return fmt.Errorf("count codes: %w", err)
	}
	return nil
}

// refused has the person told that codes of theirs are refused, once a day, and returns the reason. That is an act of the program.
func (r *Register) refused(ctx context.Context, person uuid.UUID, reason error) error {
	if _, ok := errors.AsType[ErrWait](reason); !ok {
		return reason
	}
	wait, err := r.throttle.Take(ctx, throttle.Allowance{Of: "factor.told", Who: person.String(), Burst: 1, Every: 24 * time.Hour})
	if err != nil || wait > 0 {
		return errors.Join(reason, err)
	}
	err = r.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "factor.codes_refused", Detail: changed{Person: person.String()}},
			r.hooks.Tell(tx, message("codes_refused", person.String()+" "+tx.Now.Format(time.DateOnly), person))
	})
	return errors.Join(reason, err)
}

// tidy takes blanks and hyphens out of what was typed.
func tidy(typed string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\t", "", "\u202f", "").Replace(typed))
}

func numeric(typed string) bool {
	return len(typed) == digits && strings.Trim(typed, "0123456789") == ""
}
