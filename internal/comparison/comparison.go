// Package comparison holds the tables to the journal: whatever was changed, added or removed behind the program's back is
// named. Each package compares its own tables (Run lists them), and journal the columns by which entries are
// found; here they are put together, and the outcome is kept for the alarm. It owns the table comparison.
package comparison

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/anomaly"
	"mandat/internal/attestation"
	"mandat/internal/card"
	"mandat/internal/caseload"
	"mandat/internal/certification"
	"mandat/internal/charter"
	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/consent"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/inquiry"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/phone"
	"mandat/internal/receipt"
	"mandat/internal/recipient"
	"mandat/internal/report"
	"mandat/internal/sampling"
	"mandat/internal/signingkey"
	"mandat/internal/statistics"
	"mandat/internal/unsealing"
)

// Run compares everything, as auditor. What it reads it reads in short snapshots: it holds nothing back.
func Run(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	var out []journal.Difference
	for _, compare := range []func(context.Context, *db.DB) ([]journal.Difference, error){
		org.Compare, anomaly.Compare, statistics.Compare, invitation.Compare, certification.Compare, charter.Compare, credential.Compare, card.Compare, citizen.Compare, phone.Compare, consent.Compare, mandate.Compare, caseload.Compare, attestation.Compare, receipt.Compare, report.Compare, signingkey.Compare, client.Compare, unsealing.Compare, inquiry.Compare, sampling.Compare, recipient.Compare, erasure.Compare, journal.Compare} {
		found, err := compare(ctx, auditor)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Outcome is what is kept of a comparison.
type Outcome struct {
	At          time.Time // zero: there was none yet
	Differences int
}

// Keep keeps an outcome where every server's metrics find it.
func Keep(ctx context.Context, d *db.DB, o Outcome) error {
	err := d.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into comparison (at, differences) values ($1, $2) on conflict (one) do update set at = excluded.at, differences = excluded.differences`, o.At, o.Differences)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep comparison: %w", err)
	}
	return nil
}

// Last returns the last outcome that was kept, the zero one when there is none.
func Last(ctx context.Context, d *db.DB) (Outcome, error) {
	var o Outcome
	err := d.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select at, differences from comparison`).Scan(&o.At, &o.Differences)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Outcome{}, nil
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("read comparison: %w", err)
	}
	return o, nil
}
