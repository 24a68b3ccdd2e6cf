package maillink

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// allowances are how many messages one address may get, and how many one network may ask for. A whole organisation may sit
// behind one network, and its visitors too. Strangers who ask for links use up what is for strangers: a browser in which a person has
// signed in before has an allowance of its own, and nothing else counts there.
func allowances(email string, from netip.Addr, known []byte) []throttle.Allowance {
	if known != nil {
		return []throttle.Allowance{{Of: "maillink.device", Who: email + " " + hex.EncodeToString(known), Burst: 3, Every: 5 * time.Minute}}
	}
	network := throttle.Network(from)
	return []throttle.Allowance{{Of: "maillink.network", Who: network, Burst: 30, Every: 20 * time.Second},
		{Of: "maillink.account.network", Who: email + " " + network, Burst: 3, Every: 5 * time.Minute}, {Of: "maillink.account", Who: email, Burst: 10, Every: 5 * time.Minute}}
}

// signedInWith asks whether the person with an address has signed in with a browser before.
const signedInWith = `select exists (select from session_device d join person p on p.id = d.person_id where p.email = $1 and d.device = $2)`

// made finds the person in the statement that makes the row, so that a row is all that tells one address from another.
const made = `insert into maillink (id, session_id, person_id, created_at, expires_at)
	values ($1, $2, (select id from person where email = $3 and suspended_at is null and $4), $5, $6) returning person_id`

// Request sends a link to an address, if it is that of somebody who may sign in. It says nothing about whether it is: every
// request makes a row and queues a message, and only the message of a known person is sent. device is the browser's, see
// session.Device.
func (l *Links) Request(ctx context.Context, at *session.Session, email string, from netip.Addr, device []byte) error {
	email = strings.ToLower(email)
	var known bool
	batch := &pgx.Batch{}
	batch.Queue(signedInWith, email, device).QueryRow(func(row pgx.Row) error { return row.Scan(&known) })
	if err := l.db.Ask(ctx, db.Nothing(), batch); err != nil {
		return fmt.Errorf("ask for a link: %w", err)
	}
	if !known {
		device = nil
	}
	wait, err := l.throttle.Take(ctx, allowances(email, from, device)...)
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
