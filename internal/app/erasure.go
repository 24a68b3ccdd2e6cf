package app

import (
	"path/filepath"

	"mandat/internal/backchannel"
	"mandat/internal/decision"
	"mandat/internal/erasure"
	"mandat/internal/idp"
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
	a.erasures = erasure.New(a.db, a.journal, a.office.phones, a.clock, a.ledger, idp.Forget, backchannel.Forget, decision.Forget, unsealing.Forget)
	return nil
}
