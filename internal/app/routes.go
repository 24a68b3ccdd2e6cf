package app

import (
	"context"

	"mandat/internal/idp"
	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/page"
	"mandat/internal/site/account"
	"mandat/internal/site/admin"
	"mandat/internal/site/aidant"
	"mandat/internal/site/auditor"
	"mandat/internal/site/counter"
	"mandat/internal/site/login"
	"mandat/internal/site/mails"
	"mandat/internal/site/public"
	"mandat/internal/site/recipient"
	"mandat/internal/site/referent"
)

// buildRoutes lists everything that is served. testdata/routes.txt is the same list with its audiences, reviewed by hand.
func (a *App) buildRoutes(context.Context) error {
	a.metrics = newMetrics(a)
	a.router = page.NewRouter(page.RouterOptions{Pages: a.pages, Log: a.log, Secure: a.secure(), Observe: a.metrics.observe,
		MaxRequests: a.config.MaxRequests, CrossOrigin: idp.CrossOrigin(), Organised: idp.Organised()})
	a.router.Guard(page.Browser, a.sessions.Browser)
	a.router.Guard(page.Account, a.sessions.Account)
	a.router.Guard(page.Aidant, a.sessions.Aidant)
	a.router.Guard(page.Referent, a.sessions.Referent)
	a.router.Guard(page.Administrator, a.sessions.Administrator)
	a.router.Guard(page.Auditor, a.sessions.Auditor)
	a.router.Guard(page.Fraud, a.sessions.Fraud)
	a.router.Guard(page.Prefecture, a.sessions.Prefecture)

	a.public().Mount(a.router)
	a.mountFigures()
	(&mails.Site{Pages: a.pages, Mails: a.office.mails}).Mount(a.router)
	(&login.Site{Pages: a.pages, ProConnect: a.proconnect, Sessions: a.sessions, Door: a.people.door, Links: a.people.links, Factors: a.people.factors,
		Charter: a.people.charter, Invitations: a.people.invitations, Logins: a.idp, Directory: a.directory, Clock: a.clock, Contact: login.Contact{Phone: a.config.ContactPhone, Email: a.config.ContactEmail}}).Mount(a.router)
	(&account.Site{Pages: a.pages, Sessions: a.sessions, Door: a.people.door, Factors: a.people.factors, Directory: a.directory, Contacts: a.office.contacts,
		Certifications: a.office.certifications, Press: a.office.certificates, Journal: a.journal, Clock: a.clock}).Mount(a.router)
	a.franceconnect.Mount(a.router)
	a.router.Get("/connexion/jwks", page.Public, a.showAssertionKeys)
	a.idp.Mount(a.router)
	a.decisions.Mount(a.router)
	a.office.smsin.Mount(a.router)
	(&aidant.Site{Pages: a.pages, Sessions: a.sessions, Mandates: a.mandates, Caseload: a.caseload, Drafts: a.drafts, Directory: a.directory, Catalogue: a.catalogue, Journal: a.journal,
		Press: a.press, Phones: a.office.phones, Reports: a.reports, Receipts: a.receipts, Decisions: a.decisions, Clients: a.clients, Certifications: a.office.certifications, Dossiers: a.dossiers(), Erasures: a.erasures, Clock: a.clock}).Mount(a.router)
	(&counter.Site{Pages: a.pages, Sessions: a.sessions, Mandates: a.mandates, Drafts: a.drafts, Directory: a.directory, Catalogue: a.catalogue, Clock: a.clock,
		Phones: a.office.phones, Consents: a.office.consents, Press: a.press, FranceConnect: a.franceconnect.Origin()}).Mount(a.router)
	(&referent.Site{Pages: a.pages, Sessions: a.sessions, Directory: a.directory, Invitations: a.people.invitations, Credentials: a.people.factors, Caseload: a.caseload, Inquiries: a.inquiries, Reports: a.inquiryPress(),
		Recipients: a.recipients, Catalogue: a.catalogue, Press: a.office.certificates, Clock: a.clock}).Mount(a.router)
	(&admin.Site{Pages: a.pages, Sessions: a.sessions, Directory: a.directory, Invitations: a.people.invitations, Certifications: a.office.certifications,
		Credentials: a.people.factors, Cards: a.office.cards, Board: a.office.jobs, Businesses: a.office.sirene, Catalogue: a.catalogue, Clients: a.clients, Retention: a.retention(), Erasures: a.erasures, Clock: a.clock, Database: a.db}).Mount(a.router)
	audit := &auditor.Site{Pages: a.pages, Sessions: a.sessions, Unsealings: a.unsealings, Inquiries: a.inquiries, Anomalies: a.anomalies, Journal: a.journal, Auditor: a.auditor, Desk: search.NewDesk(a.auditor, a.journal, a.integrator.Log()), Catalogue: a.catalogue, Log: a.integrator.Log(), Keys: a.keys.Journal.Keys(), Clock: a.clock, Logger: a.log}
	audit.Mount(a.router)
	(&auditor.Samples{Site: audit, Samples: a.samples}).Mount(a.router)
	(&auditor.Inquiries{Pages: a.pages, Sessions: a.sessions, Inquiries: a.inquiries, Press: a.inquiryPress(), Reader: journal.NewReader(a.auditor), Clock: a.clock}).Mount(a.router)
	(&auditor.Alerts{Pages: a.pages, Sessions: a.sessions, Anomalies: a.anomalies, Clock: a.clock}).Mount(a.router)
	(&auditor.Signals{Pages: a.pages, Sessions: a.sessions, Recipients: a.recipients, Anomalies: a.anomalies, Clock: a.clock}).Mount(a.router)
	(&recipient.Site{Pages: a.pages, Sessions: a.sessions, Recipients: a.recipients, Clock: a.clock}).Mount(a.router)
	return nil
}

func (a *App) public() *public.Site {
	return &public.Site{Contact: public.Contact{Phone: a.config.ContactPhone, Email: a.config.ContactEmail, Address: a.config.ContactAddress}, Pages: a.pages, Press: a.press, Receipts: a.receipts, Clients: a.clients, Log: a.integrator.Log(), Policy: a.Policy(), Ready: a.ready}
}
