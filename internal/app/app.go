// Package app is the whole program: it builds every part from the settings, lists every route, and runs until told to
// stop. Reading it from top to bottom is a tour of what there is.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mandat/internal/anomaly"
	"mandat/internal/attestation"
	"mandat/internal/backchannel"
	"mandat/internal/caseload"
	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/config"
	"mandat/internal/db"
	"mandat/internal/decision"
	"mandat/internal/draft"
	"mandat/internal/erasure"
	"mandat/internal/franceconnect"
	"mandat/internal/idp"
	"mandat/internal/inquiry"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/journal/search"
	"mandat/internal/journal/testimony"
	"mandat/internal/journal/tree"
	"mandat/internal/keyring"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/oidc"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/proconnect"
	"mandat/internal/receipt"
	"mandat/internal/recipient"
	"mandat/internal/report"
	"mandat/internal/sampling"
	"mandat/internal/session"
	"mandat/internal/signingkey"
	"mandat/internal/unsealing"
	"mandat/web"
)

// Options is what tests and the demonstration set besides the settings.
type Options struct {
	Log   *slog.Logger      // nil: JSON on standard error, at the level of the settings
	Clock *clock.Clock      // nil: the machine's
	Keys  signingkey.Source // nil: oidc.GenerateKey
	Pages *page.Pages       // nil: those that the program carries; programs of one process may share them

	KeepEvery time.Duration // between checkpoints of the journal that are kept; 0: ten seconds
}

// App is the program, built.
type App struct {
	config       config.Config
	options      Options
	log          *slog.Logger
	clock        *clock.Clock
	source       signingkey.Source
	policy       string // of who checks the journal
	db           *db.DB
	auditor      *db.DB
	integratorDB *db.DB
	keys         *keyring.Keyring
	ring         *signingkey.Ring

	journal    *journal.Journal
	integrator *tree.Integrator
	follower   *search.Follower
	unsealings *unsealing.Register
	inquiries  *inquiry.Register
	anomalies  *anomaly.Register
	samples    *sampling.Register
	recipients *recipient.Register
	testimony  *testimony.Collector // nil without witnesses
	stamper    *testimony.Stamper   // nil without a timestamp authority
	directory  *org.Directory
	citizens   *citizen.Register
	catalogue  *procedure.Catalogue
	drafts     *draft.Register
	mandates   *mandate.Register
	caseload   *caseload.Register
	press      *attestation.Press
	receipts   *receipt.Register
	reports    *report.Register
	erasures   *erasure.Register
	ledger     *erasure.Ledger // of this server

	pages         *page.Pages
	sessions      *session.Sessions
	people        people
	office        office
	proconnect    *proconnect.RP
	franceconnect *franceconnect.RP
	clients       *client.Registry
	provider      provider
	idp           *idp.Provider
	decisions     *decision.Point
	router        *page.Router
	trusted       []netip.Prefix
	metrics       *metrics
	health        health

	servers []*http.Server
	runner  *jobs.Runner
	stop    context.CancelFunc
	ended   chan error
}

// New builds the program. It connects to the database and reads the keys; it asks nothing of FranceConnect and ProConnect,
// which may be down.
func New(ctx context.Context, c config.Config, o Options) (*App, error) {
	a := &App{config: c, options: o, log: o.Log, clock: o.Clock, source: o.Keys, ended: make(chan error, 8)}
	if a.log == nil {
		a.log = logger(c.LogLevel)
	}
	if a.clock == nil {
		a.clock = &clock.Clock{}
	}
	if a.source == nil {
		a.source = oidc.GenerateKey
	}
	for _, build := range []func(context.Context) error{a.openStores, a.buildDomain, a.buildProtocols, a.buildRoutes} {
		if err := build(ctx); err != nil {
			a.closeStores()
			return nil, err
		}
	}
	return a, nil
}

func logger(level string) *slog.Logger {
	var l slog.Level
	if l.UnmarshalText([]byte(level)) != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: l}))
}

func (a *App) openStores(ctx context.Context) error {
	var err error
	if a.keys, err = keyring.Load(a.config.KeysDir, a.config.KeyEncryptionKey); err != nil {
		return err
	}
	if a.db, err = db.Open(ctx, db.Options{URL: a.config.DatabaseURL, MaxConns: a.config.DatabaseConnections}); err != nil {
		return err
	}
	if a.auditor, err = db.Open(ctx, db.Options{URL: a.config.DatabaseURLAuditor, MaxConns: 4}); err != nil {
		return err
	}
	return a.checkStores(ctx)
}

func (a *App) closeStores() {
	for _, d := range []*db.DB{a.db, a.auditor, a.integratorDB} {
		if d != nil {
			d.Close()
		}
	}
	_ = a.ledger.Close() // each line is on disk already
}

func (a *App) buildDomain(ctx context.Context) error {
	a.journal = journal.New(a.db, a.clock)
	a.follower = search.NewFollower(a.db, a.log)
	a.ring = signingkey.New(a.db, a.journal, a.keys.Envelope, a.clock, a.source)
	a.directory = org.New(a.db, a.journal)
	a.citizens = citizen.New(a.keys.Envelope)
	a.unsealings = unsealing.New(a.db, a.journal, a.keys.Envelope, a.citizens, a.clock).Telling(notify.Queue)
	a.anomalies = anomaly.New(a.db, a.auditor, a.journal, a.keys.Envelope, a.clock)
	var err error
	if a.catalogue, err = procedure.Load(); err != nil {
		return err
	}
	if err := a.buildFactors(); err != nil {
		return err
	}
	a.drafts = draft.New(a.db, a.journal, a.citizens, a.catalogue, a.keys.Envelope, a.clock)
	a.mandates = mandate.New(a.db, a.journal, a.citizens, a.drafts, a.people.factors, a.catalogue, a.keys.Envelope, a.clock).Telling(a.tellCitizens()).Closing(backchannel.Ended)
	a.caseload = caseload.New(a.db, a.journal, a.citizens, a.clock)
	a.reports = report.New(a.db, a.journal, a.mandates, a.citizens, a.clock).Telling(a.tellCitizens()).Naming(a.serviceName)
	a.press = attestation.New(a.db, a.journal, a.mandates, a.citizens, a.keys.Sealer, attestation.Settings{BaseURL: a.config.BaseURL,
		Phone: a.config.ContactPhone, Email: a.config.ContactEmail, Address: a.config.ContactAddress}, a.clock)
	a.receipts = receipt.New(a.db, a.journal, a.mandates, a.signing(signingkey.Receipt), receipt.Settings{BaseURL: a.config.BaseURL}, a.clock)
	return a.buildLog(ctx)
}

// buildLog gives the integrator connections of its own: it must never wait for the acts that it makes provable.
func (a *App) buildLog(ctx context.Context) error {
	if a.keys.Journal.Origin() != a.config.JournalOrigin {
		return fmt.Errorf("JOURNAL_ORIGIN: the key in KEYS_DIR is that of %q", a.keys.Journal.Origin())
	}
	policy, err := a.readPolicy()
	if err != nil {
		return err
	}
	if a.integratorDB, err = db.Open(ctx, db.Options{URL: a.config.DatabaseURL, MaxConns: 2}); err != nil {
		return err
	}
	a.integrator, err = tree.NewIntegrator(tree.IntegratorOptions{DB: a.integratorDB, Signer: a.keys.Journal, Clock: a.clock, Logger: a.log,
		StateFile: filepath.Join(a.config.StateDir, "checkpoint"), KeepEvery: a.options.KeepEvery})
	if err != nil {
		return err
	}
	if err := a.buildSamples(policy); err != nil {
		return err
	}
	return a.buildTestimony(policy)
}

func (a *App) secure() bool { return strings.HasPrefix(a.config.BaseURL, "https://") }

func (a *App) buildProtocols(ctx context.Context) error {
	c := a.config
	if err := a.buildPeople(); err != nil {
		return err
	}
	var err error
	a.proconnect, err = proconnect.New(proconnect.Config{Issuer: c.ProConnectIssuer, ClientID: c.ProConnectClientID, ClientSecret: c.ProConnectClientSecret, Keys: a.asserting(c.ProConnectAuth),
		RedirectURL: c.BaseURL + "/connexion/proconnect/retour", HomeURL: c.BaseURL + "/", ACR: c.ProConnectACR},
		proconnect.Parts{Directory: a.directory, Sessions: a.sessions, Door: a.people.door, Factors: a.people.factors, Invitations: a.people.invitations, Journal: a.journal, Clock: a.clock})
	if err != nil {
		return err
	}
	if a.pages = a.options.Pages; a.pages == nil {
		if a.pages, err = page.Load(web.Files, page.Options{}); err != nil {
			return err
		}
	}
	a.pages = a.pages.For(page.Options{SignOutOrigins: []string{a.proconnect.Origin()}})
	a.franceconnect, err = franceconnect.New(franceconnect.Config{Issuer: c.FranceConnectIssuer, ClientID: c.FranceConnectClientID, ClientSecret: c.FranceConnectClientSecret, Keys: a.asserting(c.FranceConnectAuth),
		RedirectURL: c.BaseURL + "/connexion/franceconnect/retour", EndURL: c.BaseURL + "/connexion/franceconnect/fin", Logger: a.log},
		franceconnect.Parts{DB: a.db, Sessions: a.sessions, Drafts: a.drafts, Catalogue: a.catalogue, Pages: a.pages, Clock: a.clock})
	if err != nil {
		return err
	}
	if a.trusted, err = proxies(c.TrustedProxies); err != nil {
		return err
	}
	if err := a.buildClients(ctx); err != nil {
		return err
	}
	if err := a.buildProvider(); err != nil {
		return err
	}
	return a.buildErasures()
}

// Directory is where people and organisations are added: for the demonstration.
func (a *App) Directory() *org.Directory { return a.directory }

// Routes lists everything that is served.
func (a *App) Routes() []page.Route { return a.router.Routes() }

// Policy is the text of the journal's policy file: what an auditor keeps to check the journal by.
func (a *App) Policy() string { return a.policy }

// ErrStopped is returned by Wait when the program was told to stop.
var ErrStopped = errors.New("stopped")

// Wait returns when a part of the program has failed for good, or with ErrStopped when ctx ends.
func (a *App) Wait(ctx context.Context) error {
	select {
	case err := <-a.ended:
		return err
	case <-ctx.Done():
		return ErrStopped
	}
}

// readHeader bounds how long a client may take to send what it wants.
const readHeader = 5 * time.Second

// CatchUp waits until every act done so far is in the journal's tree, and under the checkpoint that is published.
func (a *App) CatchUp(ctx context.Context) error {
	if err := a.integrator.CatchUp(ctx); err != nil || a.testimony == nil {
		return err
	}
	return a.testimony.Await(ctx)
}
