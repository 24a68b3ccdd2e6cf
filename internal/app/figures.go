package app

import (
	"mandat/internal/site/figures"
	"mandat/internal/site/public"
	"mandat/internal/statistics"
)

// statistics counts acts, for pages and for open data.
func (a *App) statistics() *statistics.Register { return statistics.New(a.db, a.journal, a.clock) }

func (a *App) mountFigures() {
	s := a.statistics()
	(&figures.Site{Pages: a.pages, Statistics: s, Catalogue: a.catalogue, Sealer: a.keys.Sealer, Clock: a.clock}).Mount(a.router)
	(&public.Figures{Pages: a.pages, Statistics: s, Catalogue: a.catalogue}).Mount(a.router)
}
