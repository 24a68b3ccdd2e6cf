package app

import "mandat/internal/dossier"

// dossiers builds what hands a citizen all that is kept about them, on top of whatever keeps something.
func (a *App) dossiers() *dossier.Register {
	return dossier.New(dossier.Parts{DB: a.db, Journal: a.journal, Citizens: a.citizens, Mandates: a.mandates, Drafts: a.drafts, Reports: a.reports, Catalogue: a.catalogue, Clock: a.clock,
		Keeping: a.keptFor, Name: a.serviceName, Contact: dossier.Contact{Phone: a.config.ContactPhone, Email: a.config.ContactEmail, Address: a.config.ContactAddress}})
}
