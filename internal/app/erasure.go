package app

import (
	"path/filepath"

	"mandat/internal/anomaly"
	"mandat/internal/backchannel"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/decision"
	"mandat/internal/erasure"
	"mandat/internal/idp"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/notify"
	"mandat/internal/phone"
	"mandat/internal/recipient"
	"mandat/internal/unsealing"
)

// buildErasures opens the ledger of this server, and gives the register of erasures what every package forgets of a citizen.
func (a *App) buildErasures() error {
	var torn bool
	var err error
	if a.ledger, torn, err = erasure.OpenLedger(filepath.Join(a.config.StateDir, erasure.LedgerName)); err != nil {
		return err
	}
	if torn {
		a.log.Warn("the last line of the ledger of erasures was cut off, and is removed: that erasure was not done")
	}
	a.erasures = Erasures(a.db, a.journal, a.office.phones, a.clock, a.ledger).Telling(notify.Queue)
	return nil
}

// Erasures is the register of erasures, with every package above it that has rows about citizens.
func Erasures(d *db.DB, j *journal.Journal, phones *phone.Register, c *clock.Clock, ledger *erasure.Ledger) *erasure.Register {
	return erasure.New(d, j, phones, c, ledger, idp.Forget, backchannel.Forget, decision.Forget, unsealing.Forget, inquiry.Forget, recipient.Forget, anomaly.Forget)
}
