// Package demo is the whole story on one machine: a private PostgreSQL, the stand-ins of FranceConnect, ProConnect and a
// public service, people to sign in as, and the site itself. Nothing is faked on our side: the site that `mandat demo`
// runs is the one that `mandat serve` runs, with settings made here.
//
// Five stories walk it as browsers without JavaScript would, and say at which step they fail: check.go from sign-in to audit (with
// check_use.go and check_audit.go), check_people.go from an invitation to a signature, check_mandates.go (with its own files) how mandates are
// agreed to, written, renewed and ended, and what is handed over, check_provider.go what FranceConnect and a service that talks to Mandat directly are told, check_journal.go
// (with its own files) who watches and checks the journal, what tampering with it shows, what auditors do in it, and an erasure: it runs the program's commands too. A test lives them all.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/app"
	"mandat/internal/certs"
	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/cluster"
	"mandat/internal/config"
	"mandat/internal/db"
	"mandat/internal/keyring"
	"mandat/internal/mailbox"
	"mandat/internal/token"
	"mandat/internal/twin"
)

// Options says where the demonstration lives.
type Options struct {
	Dir      string    // keeps data between runs; "" is a folder of its own, removed at the end
	Twin     string    // where the stand-ins are installed
	Port     int       // first port to try; 0 is any free one
	Durable  bool      // PostgreSQL flushes each commit
	Progress io.Writer // a line for what takes more than a moment
	Log      *slog.Logger
	Clock    *clock.Clock // nil is the machine's
	Program  string       // path of this program, whose commands the story of the journal runs

	KeepEvery time.Duration // between checkpoints of the journal that are kept, and shown to witnesses; 0 is ten seconds
}

// Demo is a running demonstration.
type Demo struct {
	Config  config.Config
	App     *app.App
	Twin    *twin.Twin
	Cluster *cluster.Cluster
	Mailbox *mailbox.Box
	Dir     string
	Policy  string // path of the journal's policy file

	program   string   // its path
	witnesses []string // addresses of their pages
	stops     []func() error
}

// Database is the name of the demonstration's database.
const Database = "mandat"

// Start starts everything, in an order in which each part finds what it needs. Stop it whatever happens.
func Start(ctx context.Context, o Options) (*Demo, error) {
	d := &Demo{Dir: o.Dir, program: o.Program}
	err := d.start(ctx, o)
	if err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

func (d *Demo) start(ctx context.Context, o Options) error {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if err := d.makeDir(); err != nil {
		return err
	}
	p, err := choosePorts(ctx, d.Dir, o.Port)
	if err != nil {
		return err
	}
	if err := d.startDatabase(ctx, o); err != nil {
		return err
	}
	if err := d.makeKeys(); err != nil {
		return err
	}
	if err := d.startWatchers(ctx, p, o.Log); err != nil {
		return err
	}
	if err := d.startTwin(ctx, o, p); err != nil {
		return err
	}
	if d.Mailbox, err = mailbox.Start(ctx, mailbox.Options{PageListen: fmt.Sprintf("127.0.0.5:%d", p.Mail), File: d.path("mailbox.jsonl")}); err != nil {
		return err
	}
	d.Mailbox.Site = fmt.Sprintf("http://localhost:%d", p.Site)
	d.onStop(d.Mailbox.Close)
	if d.Config, err = config.Load(d.settings(p)); err != nil {
		return err
	}
	if err := d.writeSettings(); err != nil {
		return err
	}
	return d.startApp(ctx, o)
}

func (d *Demo) makeDir() error {
	if d.Dir == "" {
		dir, err := os.MkdirTemp("", "mandat-demo-")
		if err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		d.Dir = dir
		d.onStop(func() error { return os.RemoveAll(dir) })
	}
	dir, err := filepath.Abs(d.Dir)
	if err != nil {
		return fmt.Errorf("find the folder: %w", err)
	}
	d.Dir = dir
	return os.MkdirAll(d.Dir, 0o755) //nolint:gosec // holds no secret itself; PostgreSQL's user must pass through
}

func (d *Demo) startDatabase(ctx context.Context, o Options) error {
	opts := cluster.Options{Dir: filepath.Join(d.Dir, "postgres"), Durable: o.Durable, Progress: o.Progress}
	if o.Dir == "" {
		opts.Dir = ""
	}
	c, err := cluster.Start(ctx, opts)
	if err != nil {
		return err
	}
	d.Cluster = c
	d.onStop(c.Stop)
	if err := createDatabase(ctx, c); err != nil {
		return err
	}
	if _, err := db.Migrate(ctx, c.DSN("mandat_owner", Database)); err != nil {
		return err
	}
	return nil
}

func createDatabase(ctx context.Context, c *cluster.Cluster) error {
	conn, err := pgx.Connect(ctx, c.DSN(cluster.Superuser, "postgres"))
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, db.RolesSQL); err != nil {
		return fmt.Errorf("create logins: %w", err)
	}
	var there bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, Database).Scan(&there); err != nil || there {
		return err
	}
	if _, err := conn.Exec(ctx, `create database `+Database+` owner mandat_owner`); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}

func (d *Demo) path(name string) string { return filepath.Join(d.Dir, name) }

const journalOrigin = "mandat.exemple.invalid/journal"

func (d *Demo) makeKeys() error {
	kek, _, err := keyring.FindKEK(d.path("key-encryption.json"), d.path("keys"))
	if err != nil {
		return err
	}
	if _, err := keyring.Encrypt(d.path("keys"), kek); err != nil {
		return err
	}
	if _, err := keyring.Generate(d.path("keys"), journalOrigin, kek); err != nil {
		return err
	}
	if _, err := os.Stat(d.path("keys/" + keyring.FileSealKey)); errors.Is(err, os.ErrNotExist) {
		now := time.Now()
		authority, err := certs.NewAuthority(now)
		if err != nil {
			return err
		}
		seal, err := certs.NewSeal(authority, "Mandat, démonstration", now)
		if err != nil {
			return err
		}
		if err := seal.Save(d.path("keys"), "seal"); err != nil {
			return err
		}
	}
	if _, err := keyring.Encrypt(d.path("keys"), kek); err != nil {
		return err
	}
	return os.MkdirAll(d.path("state"), 0o700)
}

// secrets are the client secrets between the site and the stand-ins, new at each start.
type secrets struct{ proconnect, franceconnect, idp string }

func (d *Demo) startTwin(ctx context.Context, o Options, p ports) error {
	if err := twin.Install(ctx, o.Twin, o.Progress); err != nil {
		return err
	}
	s := secrets{token.Hex(32), token.Hex(32), token.Hex(32)}
	t, err := twin.Start(ctx, o.Twin, twinConfig(p, s))
	if err != nil {
		return err
	}
	d.Twin = t
	d.onStop(t.Stop)
	d.Config.ProConnectClientSecret, d.Config.FranceConnectClientSecret = s.proconnect, s.franceconnect
	clients, err := json.Marshal([]map[string]any{directClient(t), {"client_id": "franceconnect", "client_name": "FranceConnect", "kind": client.FranceConnect, "client_secret": s.idp, "token_endpoint_auth_method": client.SecretPost, "userinfo_signed_response_alg": "ES256",
		"redirect_uris": []string{t.FranceConnect + "/oidc-callback"}, "post_logout_redirect_uris": []string{t.FranceConnect + "/client/logout-callback"}}})
	if err != nil {
		return fmt.Errorf("clients file: %w", err)
	}
	return os.WriteFile(d.path("clients.json"), clients, 0o600)
}

func (d *Demo) settings(p ports) []string {
	return []string{
		fmt.Sprintf("BASE_URL=http://localhost:%d", p.Site), fmt.Sprintf("LISTEN=127.0.0.1:%d", p.Site), fmt.Sprintf("METRICS_LISTEN=127.0.0.1:%d", p.Metrics),
		"DATABASE_URL=" + d.Cluster.DSN("mandat_app", Database), "DATABASE_URL_AUDITOR=" + d.Cluster.DSN("mandat_auditor", Database),
		"KEYS_DIR=" + d.path("keys"), "KEY_ENCRYPTION_KEY_FILE=" + d.path("key-encryption.json"), "STATE_DIR=" + d.path("state"), "JOURNAL_ORIGIN=" + journalOrigin, "IDP_CLIENTS_FILE=" + d.path("clients.json"),
		"PROCONNECT_ISSUER=" + d.Twin.ProConnect, "PROCONNECT_CLIENT_ID=mandat", "PROCONNECT_CLIENT_SECRET=" + d.Config.ProConnectClientSecret,
		"FRANCECONNECT_ISSUER=" + d.Twin.FranceConnect, "FRANCECONNECT_CLIENT_ID=mandat", "FRANCECONNECT_CLIENT_SECRET=" + d.Config.FranceConnectClientSecret,
		"WITNESSES_FILE=" + d.path(witnessesFile), fmt.Sprintf("TIMESTAMP_URL=http://127.0.0.9:%d/", p.Stamps), "TIMESTAMP_CA_FILE=" + d.path(authorityFile),
		"CONTACT_PHONE=+33 1 99 00 00 00", "CONTACT_EMAIL=mandats@exemple.invalid", "CONTACT_ADDRESS=Service des mandats, 1 rue de l’Exemple, 75000 Paris",
		"SMTP_URL=" + d.Mailbox.SMTP(), "MAIL_FROM=Mandat <mandats@exemple.invalid>", "SMS_URL=" + d.Mailbox.SMS(), "SMS_TOKEN=" + d.Mailbox.Token, "SMS_CALLBACK_KEY=" + d.Mailbox.Secret, "SMS_FROM=Mandat",
	}
}

// settingsFile has what the program's commands are told of this installation.
const settingsFile = "settings.sh"

// writeSettings writes it, for a shell. Nothing in it is secret: PostgreSQL trusts whoever may enter its folder.
func (d *Demo) writeSettings() error {
	var out strings.Builder
	for _, s := range [][2]string{{"DATABASE_URL", d.Config.DatabaseURL}, {"DATABASE_URL_AUDITOR", d.Config.DatabaseURLAuditor}, {"DATABASE_URL_OWNER", d.Cluster.DSN("mandat_owner", Database)},
		{"KEYS_DIR", d.path("keys")}, {"KEY_ENCRYPTION_KEY_FILE", d.path("key-encryption.json")}, {"STATE_DIR", d.path("state")}, {"JOURNAL_ORIGIN", journalOrigin}, {"BASE_URL", d.Config.BaseURL}} {
		fmt.Fprintf(&out, "export %s='%s'\n", s[0], strings.ReplaceAll(s[1], "'", `'\''`))
	}
	if err := os.WriteFile(d.path(settingsFile), []byte(out.String()), 0o600); err != nil {
		return fmt.Errorf("write the settings for commands: %w", err)
	}
	return nil
}

func (d *Demo) startApp(ctx context.Context, o Options) error {
	a, err := app.New(ctx, d.Config, app.Options{Log: o.Log, Clock: o.Clock, KeepEvery: o.KeepEvery})
	if err != nil {
		return err
	}
	d.App = a
	d.onStop(a.Stop)
	empty, err := a.Directory().Empty(ctx)
	if err != nil {
		return err
	}
	if empty {
		if err := seed(ctx, a, d.Twin.ProConnect, time.Now()); err != nil {
			return err
		}
	}
	d.Policy = d.path("policy.txt")
	if err := os.WriteFile(d.Policy, []byte(a.Policy()), 0o644); err != nil { //nolint:gosec // a policy is public
		return fmt.Errorf("write the policy: %w", err)
	}
	return a.Start(ctx)
}

func (d *Demo) onStop(f func() error) { d.stops = append(d.stops, f) }

// Stop stops everything, last started first, and returns what went wrong.
func (d *Demo) Stop() error {
	var out []error
	for i := len(d.stops) - 1; i >= 0; i-- {
		out = append(out, d.stops[i]())
	}
	d.stops = nil
	return errors.Join(out...)
}
