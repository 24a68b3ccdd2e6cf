package app

import "mandat/internal/decision"

// newDecisions builds what answers services that ask whether somebody may act.
func (a *App) newDecisions() *decision.Point {
	return decision.New(decision.Config{DB: a.db, Journal: a.journal, Clients: a.clients, Citizens: a.citizens, Drafts: a.drafts, Catalogue: a.catalogue, Keys: a.keys.Envelope, Clock: a.clock,
		Who: decision.Callers(a.provider.tokens, a.provider.gate), Note: a.sessions.Note})
}
