package dossier

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
)

// all reads the rows of a query.
func all[T any](ctx context.Context, tx pgx.Tx, scan func(row pgx.CollectableRow) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// readLinks reads the links to FranceConnect for the citizen's own telephone. What opened them is hashed, and is worth nothing after a day.
func (g *reading) readLinks(ctx context.Context) error {
	ids := make([]uuid.UUID, len(g.drafts))
	for i, d := range g.drafts {
		ids[i] = d.ID
	}
	_, err := all(ctx, g.tx, func(row pgx.CollectableRow) (struct{}, error) {
		var draft uuid.UUID
		var l Link
		var left, ended *time.Time
		err := row.Scan(&draft, &l.State, &l.Refusal, &l.CreatedAt, &left, &ended)
		l.LeftAt, l.EndedAt = db.OrZero(left), db.OrZero(ended)
		g.links[draft] = append(g.links[draft], l)
		return struct{}{}, err
	}, `select draft_id, state, coalesce(refusal, ''), created_at, left_at, ended_at from franceconnect_link where draft_id = any ($1) and organisation_id = $2 order by created_at`, ids, g.by.Organisation)
	return err
}

// readReceipts reads who was given a receipt, and when an aidant was reminded of an end.
func (g *reading) readReceipts(ctx context.Context) error {
	ids := g.mandateIDs()
	_, err := all(ctx, g.tx, func(row pgx.CollectableRow) (struct{}, error) {
		var of uuid.UUID
		var r Receipt
		err := row.Scan(&of, &r.Audience, &r.Procedure, &r.MadeAt)
		g.receipts[of] = append(g.receipts[of], r)
		return struct{}{}, err
	}, `select mandate_id, audience, coalesce(procedure, ''), created_at from receipt_status where mandate_id = any ($1) and organisation_id = $2 order by created_at, procedure nulls first`, ids, g.by.Organisation)
	if err != nil {
		return err
	}
	_, err = all(ctx, g.tx, func(row pgx.CollectableRow) (struct{}, error) {
		var of uuid.UUID
		var at time.Time
		err := row.Scan(&of, &at)
		g.reminded[of] = at
		return struct{}{}, err
	}, `select mandate_id, told_at from mandate_end_told where mandate_id = any ($1) and organisation_id = $2`, ids, g.by.Organisation)
	return err
}

// readServices reads what services were told, and by which name they know the citizen.
func (g *reading) readServices(ctx context.Context) error {
	f, here := g.out.file, g.by.Organisation
	var err error
	if f.Services, err = all(ctx, g.tx, pgx.RowToStructByPos[Service], `select sector, sub, created_at from idp_subject where citizen_id = $1 and organisation_id = $2 order by sector`, g.id, here); err != nil {
		return err
	}
	if f.Sessions, err = all(ctx, g.tx, func(row pgx.CollectableRow) (Session, error) {
		var s Session
		var over, told *time.Time
		err := row.Scan(&s.Client, &s.Procedure, &s.Sub, &s.OpenedAt, &over, &told)
		s.OverAt, s.ToldAt = db.OrZero(over), db.OrZero(told)
		return s, err
	}, `select client, procedure, sub, opened_at, over_at, told_at from backchannel_session where mandate_id = any ($1) and organisation_id = $2 order by opened_at desc, login_id`, g.mandateIDs(), here); err != nil {
		return err
	}
	if f.Answers, err = all(ctx, g.tx, pgx.RowToStructByPos[Answer], `select client, procedure, level, reason, answered_at from decision_answer where citizen_id = $1 and organisation_id = $2
		order by answered_at desc, client, procedure`, g.id, here); err != nil {
		return err
	}
	f.Logins, err = all(ctx, g.tx, func(row pgx.CollectableRow) (Login, error) {
		var l Login
		var person uuid.UUID
		var released *time.Time
		err := row.Scan(&l.Client, &l.State, &l.Refusal, &l.Procedure, &l.CreatedAt, &released, &person)
		l.ReleasedAt = db.OrZero(released)
		g.people[person], l.By = "", person.String() // a name once all are known
		return l, err
	}, `select client, state, coalesce(refusal, ''), coalesce(procedure, ''), created_at, released_at, person_id from idp_login where citizen_id = $1 and organisation_id = $2
		order by created_at desc, id`, g.id, here)
	return err
}

// readHolds reads what keeps things about the citizen from being erased.
func (g *reading) readHolds(ctx context.Context) error {
	var err error
	g.out.file.Holds, err = all(ctx, g.tx, func(row pgx.CollectableRow) (Hold, error) {
		var h Hold
		var released *time.Time
		err := row.Scan(&h.Reason, &h.Everybody, &h.HeldAt, &h.Until, &released, &h.Why)
		h.ReleasedAt = db.OrZero(released)
		return h, err
	}, `select reason, citizen_id is null, held_at, until, released_at, coalesce(release_reason, '') from erasure_hold where organisation_id = $2 and (citizen_id = $1 or citizen_id is null) order by held_at`, g.id, g.by.Organisation)
	return err
}

// readErasures reads what the citizen asked to be erased, and where auditors asked for their name.
func (g *reading) readErasures(ctx context.Context) error {
	f := g.out.file
	var err error
	if f.Erasures, err = all(ctx, g.tx, func(row pgx.CollectableRow) (Erasure, error) {
		var e Erasure
		var back *time.Time
		err := row.Scan(&e.State, &e.AskedAt, &e.DueAt, &back)
		e.TakenBackAt = db.OrZero(back)
		return e, err
	}, `select state, asked_at, due_at, taken_back_at from erasure_request where citizen_id = $1 and organisation_id = $2 order by asked_at`, g.id, g.by.Organisation); err != nil {
		return err
	}
	f.Unsealings, err = all(ctx, g.tx, func(row pgx.CollectableRow) (Unsealing, error) {
		var u Unsealing
		var decided, until, looked *time.Time
		err := row.Scan(&u.State, &u.Reason, &u.AskedAt, &decided, &until, &u.Looks, &looked)
		u.DecidedAt, u.Until, u.LookedAt = db.OrZero(decided), db.OrZero(until), db.OrZero(looked)
		return u, err
	}, `select state, reason, asked_at, decided_at, until, looks, looked_at from unsealing where citizen_id = $1 and organisation_id = $2 order by asked_at`, g.id, g.by.Organisation)
	return err
}

// readMails reads which mails were written to the citizen. Their words are not kept.
func (g *reading) readMails(ctx context.Context) error {
	var err error
	g.out.file.Mails, err = all(ctx, g.tx, func(row pgx.CollectableRow) (Mail, error) {
		var m Mail
		var former []byte
		var ended *time.Time
		err := row.Scan(&m.Kind, &m.State, &m.CreatedAt, &ended, &former)
		if err == nil && former != nil {
			m.To, err = citizen.OpenAddress(g.key, former)
		}
		m.EndedAt = db.OrZero(ended)
		return m, err
	}, `select kind, state, created_at, ended_at, former from notify_message where citizen_id = $1 order by created_at desc, id`, g.id)
	return err
}
