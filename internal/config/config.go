// Package config reads the program's settings from the environment, all of them at once, and says everything that is
// wrong with them at once. There is no settings file, no global and no reload.
//
// The comment of each field is its manual: docs/operations.md is made from this file (make docs), and a test compares.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is every setting of `mandat serve`.
type Config struct {
	// Address of the site as browsers see it, without a path: https://mandat.example. Plain
	// http is taken for localhost only.
	BaseURL string `env:"BASE_URL,required"`

	// Address to listen on.
	Listen string `env:"LISTEN" envDefault:"127.0.0.1:8080"`

	// Address of the listener for Prometheus, never shown to the public; off turns it off.
	MetricsListen string `env:"METRICS_LISTEN" envDefault:"127.0.0.1:9464"`

	// Connection string of the login mandat_app. Several hosts are allowed, with target_session_attrs=read-write.
	DatabaseURL string `env:"DATABASE_URL,required,unset"`

	// Connection string of the login mandat_auditor: what auditors' pages and exports read with.
	DatabaseURLAuditor string `env:"DATABASE_URL_AUDITOR,required,unset"`

	// Connections to the database for each server: 8 to 16 for two cores.
	DatabaseConnections int32 `env:"DATABASE_CONNECTIONS" envDefault:"12"`

	// Folder of the keys that `mandat admin keys` makes, each encrypted under the key-encryption keyset.
	KeysDir string `env:"KEYS_DIR,required"`

	// The key-encryption keyset, as `mandat admin keys` makes it: what opens the files of KEYS_DIR and the data keys in the
	// database. KEY_ENCRYPTION_KEY_FILE may name a file instead, which is not in KEYS_DIR.
	KeyEncryptionKey string `env:"KEY_ENCRYPTION_KEY,required,unset"`

	// Folder for what this server must remember outside the database: the last checkpoint of the journal it saw. Keep it
	// over restarts; without it a database put back to an older state would go unnoticed.
	StateDir string `env:"STATE_DIR,required"`

	// Let nothing go: no job deletes anything, and none erases anybody. Say true on every server that runs a restored database, until the holds that were made after the copy are there again.
	KeepAll bool `env:"KEEP_ALL" envDefault:"false"`

	// Name of the journal, the first line of its checkpoints: a host and path of ours that never changes.
	JournalOrigin string `env:"JOURNAL_ORIGIN,required"`

	// File of the witnesses that cosign the journal's checkpoints, and of how many are asked for: the lines witness, group and quorum of a C2SP tlog-policy, each
	// witness with its address (docs/witness.md). Without it nobody but us says that there is one journal only.
	WitnessesFile string `env:"WITNESSES_FILE"`

	// Address of a timestamp authority (RFC 3161): once an hour it says when the journal's newest published checkpoint was there. Without it the times of
	// acts are ours alone.
	TimestampURL string `env:"TIMESTAMP_URL"`

	// PEM file of that authority's certificate, or of the one above it: required with TIMESTAMP_URL.
	TimestampCAFile string `env:"TIMESTAMP_CA_FILE"`

	// ProConnect's issuer.
	ProConnectIssuer string `env:"PROCONNECT_ISSUER,required"`

	// Our client id at ProConnect.
	ProConnectClientID string `env:"PROCONNECT_CLIENT_ID,required"`

	// How we say at ProConnect who we are: client_secret_post, or private_key_jwt, signed with a key of our own whose public
	// half ProConnect reads at BASE_URL/connexion/jwks.
	ProConnectAuth string `env:"PROCONNECT_AUTH" envDefault:"client_secret_post"`

	// Our client secret at ProConnect: required for client_secret_post, and none with private_key_jwt. PROCONNECT_CLIENT_SECRET_FILE may name a file instead.
	ProConnectClientSecret string `env:"PROCONNECT_CLIENT_SECRET,unset"`

	// Levels (acr) of ProConnect that we accept, separated by commas: an identity at least weak, and a second factor.
	ProConnectACR []string `env:"PROCONNECT_ACR" envDefault:"eidas1-mfa,eidas2,eidas3"`

	// FranceConnect's issuer.
	FranceConnectIssuer string `env:"FRANCECONNECT_ISSUER,required"`

	// Our client id at FranceConnect, where we are a service.
	FranceConnectClientID string `env:"FRANCECONNECT_CLIENT_ID,required"`

	// How we say at FranceConnect who we are: client_secret_post or private_key_jwt, as at ProConnect.
	FranceConnectAuth string `env:"FRANCECONNECT_AUTH" envDefault:"client_secret_post"`

	// Our client secret at FranceConnect: required for client_secret_post, and none with private_key_jwt. FRANCECONNECT_CLIENT_SECRET_FILE may name a file instead.
	FranceConnectClientSecret string `env:"FRANCECONNECT_CLIENT_SECRET,unset"`

	// JSON file of the clients whose identity provider we are: FranceConnect first of all. See docs/operations.md.
	IDPClientsFile string `env:"IDP_CLIENTS_FILE,required"`

	// Telephone, e-mail and postal address where anybody can end a mandate, as printed on attestations and notices.
	ContactPhone string `env:"CONTACT_PHONE,required"`
	// E-mail address for the same.
	ContactEmail string `env:"CONTACT_EMAIL,required"`
	// Postal address for the same, on one line.
	ContactAddress string `env:"CONTACT_ADDRESS,required"`

	// Mail server: smtp://user@host:587, which must offer STARTTLS, or smtps://user@host:465. Only a server on this machine may do without encryption. Without
	// this setting no mail leaves: no invitation, no link to sign in, no notice; administrators see them as failed.
	SMTPURL string `env:"SMTP_URL"`

	// Password for the user of SMTP_URL. SMTP_PASSWORD_FILE may name a file instead.
	SMTPPassword string `env:"SMTP_PASSWORD,unset"`

	// Whom mails come from: an address, or Mandat <mandat@example.org>. Its domain stands in Message-IDs and greets the mail server.
	MailFrom string `env:"MAIL_FROM"`

	// SMS gateway: an https address that takes a POST of JSON (internal/sms says which). Without it, telephone numbers cannot be verified.
	SMSURL string `env:"SMS_URL"`

	// Bearer token for the SMS gateway. SMS_TOKEN_FILE may name a file instead.
	SMSToken string `env:"SMS_TOKEN,unset"`

	// Secret of at least 32 characters by which the SMS gateway signs what it tells us (internal/smsin says how): answers of citizens and reports of
	// delivery. Without it citizens cannot agree by SMS. SMS_CALLBACK_KEY_FILE may name a file instead.
	SMSCallbackKey string `env:"SMS_CALLBACK_KEY,unset"`

	// What receivers of SMS see as sender, if the gateway lets one say.
	SMSFrom string `env:"SMS_FROM"`

	// Directory of businesses, such as https://recherche-entreprises.api.gouv.fr, where an organisation's address is looked up by its SIRET. Only the number
	// is sent. Without it, or while it does not answer, addresses are typed.
	SireneURL string `env:"SIRENE_URL"`

	// Score, of 1000, from which the test of a certification is passed.
	CertificationMinimum int `env:"CERTIFICATION_MINIMUM" envDefault:"700"`

	// Networks of our own reverse proxies, such as 10.0.0.0/8, separated by commas: their X-Forwarded-For is believed. Without it everybody
	// behind a proxy shares one allowance of sign-ins.
	TrustedProxies []string `env:"TRUSTED_PROXIES"`

	// Requests under way at once; more get 503 at once rather than a long wait.
	MaxRequests int `env:"MAX_REQUESTS" envDefault:"256"`

	// How long requests under way may take to finish when the program is told to stop.
	StopTimeout time.Duration `env:"STOP_TIMEOUT" envDefault:"10s"`

	// debug, info, warn or error.
	LogLevel string `env:"LOG_LEVEL" envDefault:"info"`
}

// Load reads the settings, with getenv-like pairs ("NAME=value") as os.Environ gives them.
func Load(environ []string) (Config, error) {
	vars := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			vars[name] = value
		}
	}
	var c Config
	problems := []error{}
	if err := fromFiles(vars, "PROCONNECT_CLIENT_SECRET", "FRANCECONNECT_CLIENT_SECRET", "DATABASE_URL", "DATABASE_URL_AUDITOR", "KEY_ENCRYPTION_KEY", "SMTP_PASSWORD", "SMS_TOKEN", "SMS_CALLBACK_KEY"); err != nil {
		problems = append(problems, err)
	}
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		problems = append(problems, err)
	}
	if err := errors.Join(append(problems, c.check()...)...); err != nil {
		return Config{}, fmt.Errorf("settings: %w", err)
	}
	return c, nil
}

// fromFiles lets NAME_FILE stand for NAME, which is how secrets are mounted.
func fromFiles(vars map[string]string, names ...string) error {
	var problems []error
	for _, name := range names {
		path := vars[name+"_FILE"]
		if path == "" {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s_FILE: %w", name, err))
			continue
		}
		vars[name] = strings.TrimSpace(string(content))
	}
	return errors.Join(problems...)
}

func (c Config) check() []error {
	var out []error
	for name, value := range map[string]string{"BASE_URL": c.BaseURL, "PROCONNECT_ISSUER": c.ProConnectIssuer, "FRANCECONNECT_ISSUER": c.FranceConnectIssuer, "SMS_URL": c.SMSURL, "SIRENE_URL": c.SireneURL, "TIMESTAMP_URL": c.TimestampURL} {
		if value == "" {
			continue // said by the parser, or may be missing
		}
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || (u.Scheme != "https" && !loopback(u)) {
			out = append(out, fmt.Errorf("%s: want an https address (http only on this machine)", name))
		} else if name == "BASE_URL" && (u.Path != "" || u.RawQuery != "" || u.Fragment != "") {
			out = append(out, errors.New("BASE_URL: want no path, not even a final slash"))
		}
	}
	out = append(out, checkAuth("PROCONNECT", c.ProConnectAuth, c.ProConnectClientSecret)...)
	out = append(out, checkAuth("FRANCECONNECT", c.FranceConnectAuth, c.FranceConnectClientSecret)...)
	if c.SMTPURL != "" && c.MailFrom == "" {
		out = append(out, errors.New("MAIL_FROM: empty, and SMTP_URL is not"))
	}
	if c.SMSURL != "" && c.SMSToken == "" {
		out = append(out, errors.New("SMS_TOKEN: empty, and SMS_URL is not"))
	}
	if c.SMSCallbackKey != "" && (c.SMSURL == "" || len(c.SMSCallbackKey) < 32) {
		out = append(out, errors.New("SMS_CALLBACK_KEY: want at least 32 characters, and SMS_URL"))
	}
	if (c.TimestampURL == "") != (c.TimestampCAFile == "") {
		out = append(out, errors.New("TIMESTAMP_URL, TIMESTAMP_CA_FILE: want both or neither"))
	}
	if c.CertificationMinimum < 0 || c.CertificationMinimum > 1000 {
		out = append(out, errors.New("CERTIFICATION_MINIMUM: want 0 to 1000"))
	}
	if c.MaxRequests < 1 {
		out = append(out, errors.New("MAX_REQUESTS: want at least 1"))
	}
	if c.DatabaseConnections < 1 {
		out = append(out, errors.New("DATABASE_CONNECTIONS: want at least 1"))
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		out = append(out, errors.New("LOG_LEVEL: want debug, info, warn or error"))
	}
	return out
}

// The ways in which we say at a provider who we are (OpenID Connect Core §9).
const (
	SecretPost    = "client_secret_post"
	PrivateKeyJWT = "private_key_jwt"
)

// checkAuth wants a secret where it is used, and none that would lie there for nothing.
func checkAuth(provider, auth, secret string) []error {
	switch {
	case auth != SecretPost && auth != PrivateKeyJWT:
		return []error{fmt.Errorf("%s_AUTH: want %s or %s", provider, SecretPost, PrivateKeyJWT)}
	case auth == SecretPost && secret == "":
		return []error{fmt.Errorf("%s_CLIENT_SECRET: empty", provider)}
	case auth == PrivateKeyJWT && secret != "":
		return []error{fmt.Errorf("%s_CLIENT_SECRET: %s uses none; take it away", provider, PrivateKeyJWT)}
	}
	return nil
}

func loopback(u *url.URL) bool {
	host := u.Hostname()
	return u.Scheme == "http" && (host == "localhost" || strings.HasPrefix(host, "127."))
}
