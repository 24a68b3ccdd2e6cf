package franceconnect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/session"
	"mandat/internal/token"
)

// errAnswered says that the phone is just coming back with an answer for this draft: there is nothing to make or cancel.
var errAnswered = errors.New("the answer to a link for this draft is being looked at")

// endExpired ends the links of an organisation whose time is over, so that their numbers and drafts are free; $2 is now.
const endExpired = `update franceconnect_link set state = 'expired', ended_at = $2 where id in (select id from franceconnect_link
	where organisation_id = $1 and state in ('made', 'opened', 'left', 'answered') and expires_at <= $2 for update skip locked)`

// endLive ends the link of a draft that nobody has come back with; $3 is now, read before the row was locked: the link may be younger.
const endLive = `update franceconnect_link set state = case when expires_at <= $3 then 'expired' else 'cancelled' end, ended_at = greatest($3, created_at)
	where draft_id = $1 and organisation_id = $2 and state in ('made', 'opened', 'left')`

// makeLink makes a link for a version of a draft of the session's person, and returns its secret. The one that there was for this draft ends: a draft
// has one link. It returns errAnswered when that one is answered already.
func (rp *RP) makeLink(ctx context.Context, at *session.Session, d draft.Draft) (string, error) {
	for range 10 {
		secret, now := newSecret(), rp.clock.Now()
		err := rp.db.Write(ctx, db.InOrganisation(at.Organisation), db.Durable, func(tx *db.Tx) error {
			if _, err := tx.Exec(ctx, endExpired, at.Organisation, now); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, endLive, d.ID, at.Organisation, now); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `insert into franceconnect_link (id, organisation_id, person_id, draft_id, draft_version, session_id, token, number, created_at, expires_at)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, token.ID(), at.Organisation, at.Person, d.ID, d.Version, at.Hash, token.Hash(secret), number(), now, now.Add(LinkLife))
			return err
		})
		switch {
		case err == nil:
			return secret, nil
		case !db.Unique(err, ""): // by chance another link has the number, or another window has just made one for this draft
			return "", fmt.Errorf("make a link: %w", err)
		}
	}
	return "", errAnswered
}

// number is one that two screens show.
func number() int { return 100 + int(binary.BigEndian.Uint32(token.Bytes(4))%900) }

// cancelLink ends a draft's link unless an answer to it is being looked at.
func (rp *RP) cancelLink(ctx context.Context, at *session.Session, draft uuid.UUID) error {
	err := rp.db.Write(ctx, db.InOrganisation(at.Organisation), db.Soon, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, endLive, draft, at.Organisation, rp.clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("cancel a link: %w", err)
	}
	return nil
}

// linkOf returns the last link that a session made for a draft; db.ErrNotFound when there is none.
func (rp *RP) linkOf(ctx context.Context, at *session.Session, draft uuid.UUID) (link, error) {
	return rp.findLink(ctx, db.InOrganisation(at.Organisation), `select `+linkColumns+` from franceconnect_link l
		where l.draft_id = $2 and l.session_id = $3 order by l.created_at desc, l.id desc limit 1`, nil, draft, at.Hash)
}

// openLink returns the link of a secret, for the browser whose cookie has the hash, and notes that its page was seen.
func (rp *RP) openLink(ctx context.Context, secret string, browser []byte) (link, error) {
	l, err := rp.linkBySecret(ctx, secret, browser)
	if err != nil || l.State != linkMade {
		return l, err
	}
	l.State = linkOpened
	err = rp.db.Write(ctx, db.System(), db.Soon, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update franceconnect_link set state = 'opened' where id = $1 and state = 'made'`, l.ID)
		return err
	})
	if err != nil {
		return link{}, fmt.Errorf("open a link: %w", err)
	}
	return l, nil
}

func (rp *RP) linkBySecret(ctx context.Context, secret string, browser []byte) (link, error) {
	return rp.findLink(ctx, db.System(), `select `+linkColumns+` from franceconnect_link l where l.token = $2`, browser, token.Hash(secret))
}

// linkByBrowser returns the link with which a phone left.
func (rp *RP) linkByBrowser(ctx context.Context, browser []byte) (link, error) {
	return rp.findLink(ctx, db.System(), `select `+linkColumns+` from franceconnect_link l where l.browser = $1`, browser)
}

func (rp *RP) findLink(ctx context.Context, scope db.Scope, sql string, args ...any) (link, error) {
	var out link
	err := rp.db.Read(ctx, scope, func(tx pgx.Tx) error {
		var err error
		out, err = scanLink(tx.QueryRow(ctx, sql, args...))
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return link{}, db.ErrNotFound
	}
	if err != nil {
		return link{}, fmt.Errorf("find a link: %w", err)
	}
	return out.at(rp.clock.Now()), nil
}

// leaveWith lets one browser leave with a link: the first one, and that one again, for people go back. Each time it has another secret, and
// what it left with before is worth nothing. db.ErrConflict when it may not.
func (rp *RP) leaveWith(ctx context.Context, l link, now time.Time, old, browser []byte, state, nonce string) error {
	err := rp.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, db.ErrConflict, `update franceconnect_link set state = 'left', attempt = $2, browser = $3, nonce = $4, left_at = greatest($5, created_at), expires_at = least($6, created_at + $7::interval)
			where id = $1 and expires_at > $5 and (state in ('made', 'opened') or state = 'left' and browser = $8)`,
			l.ID, token.Hash(state), browser, nonce, now, now.Add(session.AttemptLife), longestLink, old)
	})
	if err != nil {
		return fmt.Errorf("leave with a link: %w", err)
	}
	return nil
}

// declineLink ends a link that the citizen says is not theirs.
func (rp *RP) declineLink(ctx context.Context, l link, browser []byte) error {
	err := rp.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, db.ErrConflict, `update franceconnect_link set state = 'refused', refusal = 'other_number', ended_at = greatest($2, created_at)
			where id = $1 and expires_at > $2 and (state in ('made', 'opened') or state = 'left' and browser = $3)`, l.ID, rp.clock.Now(), browser)
	})
	if err != nil {
		return fmt.Errorf("decline a link: %w", err)
	}
	return nil
}

// answerLink uses up what a browser left with, whoever presents it: a state seen in another browser is spoilt, and a late one is over. Only
// an answered link may be followed. db.ErrNotFound when the state is none of a link, or was used.
func (rp *RP) answerLink(ctx context.Context, state string, browser []byte) (link, error) {
	var out link
	err := rp.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		var err error
		out, err = scanLink(tx.QueryRow(ctx, `update franceconnect_link l set
				state = case when l.browser is distinct from $1 then 'refused' when l.expires_at <= $3 then 'expired' else 'answered' end,
				refusal = case when l.browser is distinct from $1 then 'other_browser' end,
				ended_at = case when l.browser is distinct from $1 or l.expires_at <= $3 then greatest($3, l.created_at) end
			where l.attempt = $2 and l.state = 'left' returning `+linkColumns, browser, token.Hash(state), rp.clock.Now()))
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return link{}, db.ErrNotFound
	}
	if err != nil {
		return link{}, fmt.Errorf("answer a link: %w", err)
	}
	return out, nil
}

// settleLink says what became of an answered link: refusal is "" when the citizen is identified. farewell is what FranceConnect is to
// bring back after it has signed the citizen out, "" when it is not asked to.
func (rp *RP) settleLink(ctx context.Context, l link, refusal, farewell string) error {
	var hash []byte
	if farewell != "" {
		hash = token.Hash(farewell)
	}
	err := rp.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, db.ErrConflict, `update franceconnect_link set state = case when $2 = '' then 'identified' else 'refused' end, refusal = nullif($2, ''), farewell = $3, ended_at = greatest($4, created_at)
			where id = $1 and state = 'answered'`, l.ID, refusal, hash, rp.clock.Now())
	})
	if err != nil {
		return fmt.Errorf("settle a link: %w", err)
	}
	return nil
}

// farewellOf reports whether a state is what FranceConnect brings back when it has signed out the citizen whose phone this is.
func (rp *RP) farewellOf(ctx context.Context, state string, browser []byte) (bool, error) {
	_, err := rp.findLink(ctx, db.System(), `select `+linkColumns+` from franceconnect_link l where l.browser = $1 and l.farewell = $2`, browser, token.Hash(state))
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// keptLinks is how long what became of a link is kept: nothing needs it once its page was left.
const keptLinks = 24 * time.Hour

// Purge deletes the links that were made more than a day ago, but those of a citizen whose records are held. A job calls it.
func (rp *RP) Purge(ctx context.Context) error {
	_, err := rp.db.Purge(ctx, db.System(), `delete from franceconnect_link where id in (select id from franceconnect_link where created_at < $1
		and not erasure_held(organisation_id, erasure_drafts_citizen(draft_id), $2) limit $3)`, rp.clock.Now().Add(-keptLinks), rp.clock.Now())
	if err != nil {
		return fmt.Errorf("purge links: %w", err)
	}
	return nil
}
