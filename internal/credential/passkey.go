package credential

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

const (
	passkeysMax = 20
	answerMax   = 64 << 10 // bytes of a browser's answer
)

// Passkey is a passkey or a security key, as its person sees it.
type Passkey struct {
	ID        uuid.UUID
	Name      string
	CreatedAt time.Time
	UsedAt    *time.Time
	Synced    bool // a copy of it is kept by its maker's service, for the person's other devices
	Syncable  bool // it may be
	Cloned    bool // its counter went back: it does not count any more
}

// account is a person as browsers and authenticators see them. The user handle is the person's id: an authenticator keeps it
// for good, and it tells nothing.
type account struct {
	person     uuid.UUID
	name, full string
	keys       []key
}

// key is a passkey with what is needed to check an answer.
type key struct {
	id     uuid.UUID
	known  webauthn.Credential
	cloned bool
	used   time.Time // the zero time before it was
}

// WebAuthnID returns the user handle.
func (a *account) WebAuthnID() []byte { return a.person[:] }

// WebAuthnName returns the e-mail address.
func (a *account) WebAuthnName() string { return a.name }

// WebAuthnDisplayName returns the person's name.
func (a *account) WebAuthnDisplayName() string { return a.full }

// WebAuthnCredentials returns the person's keys, those that do not count any more too: their answer is checked before it is
// said why they do not.
func (a *account) WebAuthnCredentials() []webauthn.Credential {
	var out []webauthn.Credential
	for _, k := range a.keys {
		out = append(out, k.known)
	}
	return out
}

// account reads a person with their keys, or returns db.ErrNotFound.
func (r *Register) account(ctx context.Context, person uuid.UUID) (*account, error) {
	a := &account{person: person}
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `select email, given_name || ' ' || usual_name from person where id = $1`, person).Scan(&a.name, &a.full); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+keyColumns+` from credential_passkey where person_id = $1 order by created_at, id`, person)
		if err != nil {
			return err
		}
		a.keys, err = pgx.CollectRows(rows, scanKey)
		return err
	})
	return a, wrap("read passkeys", err)
}

const keyColumns = `id, credential_id, public_key, aaguid, transports, backup_eligible, backed_up, sign_count, cloned_at is not null, used_at`

func scanKey(row pgx.CollectableRow) (key, error) {
	var k key
	var transports []string
	var count int64
	var used *time.Time
	c := &k.known
	err := row.Scan(&k.id, &c.ID, &c.PublicKey, &c.Authenticator.AAGUID, &transports, &c.Flags.BackupEligible, &c.Flags.BackupState, &count, &k.cloned, &used)
	if used != nil {
		k.used = *used
	}
	for _, t := range transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	c.Authenticator.SignCount = uint32(count) //nolint:gosec // 32 bits in WebAuthn
	return k, err
}

// BeginPasskey returns what a browser needs to make a key (PublicKeyCredentialCreationOptionsJSON under "publicKey"). The answer
// counts for this session, once, for five minutes. The key has to check its person (user verification) and to be found without
// a name (resident), so that it can sign in alone; where it comes from is not asked.
func (r *Register) BeginPasskey(ctx context.Context, by journal.Actor, session []byte) ([]byte, error) {
	a, err := r.account(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	var known []protocol.CredentialDescriptor
	for _, c := range a.WebAuthnCredentials() {
		known = append(known, c.Descriptor())
	}
	options, asked, err := r.webauthn.BeginRegistration(a, webauthn.WithExclusions(known))
	if err != nil {
		return nil, fmt.Errorf("begin passkey: %w", err)
	}
	if err := r.keep(ctx, session, question{person: by.Person, purpose: enrol}, asked); err != nil {
		return nil, fmt.Errorf("begin passkey: %w", err)
	}
	return json.Marshal(options)
}

// AddPasskey adds the key that a browser made. It was used just now by its person, so it is given too. Errors: ErrWrong for an
// answer that is not to BeginPasskey in this session, db.ErrConflict for a key that is known, ErrName, ErrTooMany.
func (r *Register) AddPasskey(ctx context.Context, by journal.Actor, session []byte, name string, answer []byte) (Given, error) {
	name, err := named(name)
	if err != nil {
		return Given{}, err
	}
	made, err := r.made(ctx, by, session, answer)
	if err != nil {
		return Given{}, err
	}
	id, given := token.ID(), Given{Person: by.Person, Kind: KindPasskey}
	transports := []string{}
	for _, t := range []protocol.AuthenticatorTransport{protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal} {
		if slices.Contains(made.Transport, t) { // others are a browser's invention
			transports = append(transports, string(t))
		}
	}
	err = r.own(ctx, by, "add passkey", func(tx *journal.Tx, h holding) (journal.Event, error) {
		if h.passkeys >= passkeysMax {
			return journal.Event{}, ErrTooMany
		}
		given.At = tx.Now
		_, err := tx.Exec(ctx, `insert into credential_passkey (id, person_id, credential_id, public_key, aaguid, transports, name, backup_eligible, backed_up, sign_count, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, id, by.Person, made.ID, made.PublicKey, made.Authenticator.AAGUID, transports, name,
			made.Flags.BackupEligible, made.Flags.BackupState, int64(made.Authenticator.SignCount), tx.Now)
		if db.Unique(err, "credential_passkey_credential_id_key") {
			err = db.ErrConflict
		}
		return journal.Event{Action: "factor.added", Detail: changed{Person: by.Person.String(), Kind: KindPasskey, Factor: id.String(), Digest: digest(made.PublicKey)}},
			r.added(err, tx, id, by.Person)
	})
	if err != nil {
		return Given{}, err
	}
	return given, nil
}

// made checks a browser's answer to BeginPasskey.
func (r *Register) made(ctx context.Context, by journal.Actor, session, answer []byte) (*webauthn.Credential, error) {
	if len(answer) > answerMax {
		return nil, ErrWrong
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, ErrWrong
	}
	q, asked, err := r.answered(ctx, session, enrol, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return nil, err
	}
	if q.person != by.Person {
		return nil, ErrWrong
	}
	made, err := r.webauthn.CreateCredential(&account{person: q.person}, asked, parsed)
	if err != nil {
		return nil, ErrWrong
	}
	return made, nil
}
