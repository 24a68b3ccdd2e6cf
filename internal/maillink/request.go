package maillink

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// allowances are how many messages one address may get, and how many one network may ask for. A whole organisation may sit
// behind one network.
func allowances(email string, from netip.Addr) []throttle.Allowance {
	return []throttle.Allowance{
		{Of: "maillink.account", Who: email, Burst: 3, Every: 5 * time.Minute},
		{Of: "maillink.network", Who: throttle.Network(from), Burst: 30, Every: 20 * time.Second},
	}
}

// made finds the person in the statement that makes the row, so that a row is all that tells one address from another.
const made = `insert into maillink (id, session_id, person_id, created_at, expires_at)
	values ($1, $2, (select id from person where email = $3 and suspended_at is null and $4), $5, $6) returning person_id`

// Request sends a link to an address, if it is that of somebody who may sign in. It says nothing about whether it is: every
// request makes a row and queues a message, and only the message of a known person is sent.
func (l *Links) Request(ctx context.Context, at *session.Session, email string, from netip.Addr) error {
	email = strings.ToLower(email)
	wait, err := l.throttle.Take(ctx, allowances(email, from)...)
	if err != nil {
		return fmt.Errorf("ask for a link: %w", err)
	}
	id, now := token.ID(), l.clock.Now()
	err = l.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		var person *uuid.UUID
		if err := tx.QueryRow(ctx, made, id, at.Hash, email, wait == 0, now, now.Add(Life)).Scan(&person); err != nil {
			return err
		}
		if person == nil {
			nobody := token.ID()
			person = &nobody
		}
		return l.queue(tx, now, org.Message{Kind: Kind, About: id.String(), Person: *person})
	})
	if err != nil {
		return fmt.Errorf("ask for a link: %w", err)
	}
	return nil
}
