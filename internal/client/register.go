package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// FormerLife is for how long the secret before still counts when it was replaced, so that a service can change over.
const FormerLife = 72 * time.Hour

// ErrFiled says that a client stands in the file, where the operator changes it.
var ErrFiled = errors.New("the client stands in the clients file")

// The details of entries. A registration is public to who may see it, but large: entries have its SHA-256.
type (
	detail struct {
		Client string `json:"client"`
	}
	registration struct {
		Client  string   `json:"client"`
		SHA256  string   `json:"registration_sha256"`
		Members []string `json:"members,omitempty"` // that changed
	}
	replaced struct {
		Client string `json:"client"`
		Until  string `json:"until,omitempty"` // until when the secret before counts; none: no longer
	}
)

// Register registers a service under an id, by an administrator, and returns its secret if its way of authentication has one: the only time that it
// is told. It returns Wrong, db.ErrConflict for an id that is taken, org.ErrMayNot and org.ErrFactorTooOld.
func (r *Registry) Register(ctx context.Context, by journal.Actor, id uuid.UUID, c Client) (secret string, err error) {
	text, err := r.table.encode(&c)
	if err != nil {
		return "", err
	}
	if _, filed := r.filed[id.String()]; filed {
		return "", db.ErrConflict
	}
	secret, hash := newSecret(c.Auth)
	err = r.table.act(ctx, by, "register client", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "client.registered", Detail: registration{id.String(), digest(text), nil}},
			tx.ExecOne(ctx, db.ErrConflict, `insert into client (id, registration, secret_hash, state, registered_at, changed_at) values ($1, $2, $3, 'open', $4, $4) on conflict do nothing`,
				id, string(text), hash, tx.Now)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Change replaces the registration of an open service that has this version now. It returns a secret when the service has one from now on, and had none
// before. Errors as Register; db.ErrConflict for another version, or a service that is closed; ErrFiled.
func (r *Registry) Change(ctx context.Context, by journal.Actor, id, version string, c Client) (secret string, err error) {
	key, err := r.registered(id)
	if err != nil {
		return "", err
	}
	text, err := r.table.encode(&c)
	if err != nil {
		return "", err
	}
	var hash []byte
	err = r.table.act(ctx, by, "change client", func(tx *journal.Tx) (journal.Event, error) {
		was, err := lock(ctx, tx, key)
		if err != nil {
			return journal.Event{}, err
		}
		members := changed(&was.Client, &c)
		if was.State != Open || was.Version != version || len(members) == 0 {
			return journal.Event{}, db.ErrConflict
		}
		if was.Secret.hash == nil {
			secret, hash = newSecret(c.Auth)
		}
		e := journal.Event{Action: "client.changed", Detail: registration{id, digest(text), members}}
		var since *time.Time
		if withdraws(&was.Client, &c) {
			since = seenEverywhere(tx.Now)
		}
		const keyed = `update client set registration = $2, changed_at = $3, tokens_since = coalesce($4, tokens_since), secret_hash = null, former_hash = null, former_until = null where id = $1`
		if c.Auth == PrivateKeyJWT {
			return e, tx.ExecOne(ctx, db.ErrConflict, keyed, key, string(text), tx.Now, since)
		}
		return e, tx.ExecOne(ctx, db.ErrConflict, `update client set registration = $2, changed_at = $3, tokens_since = coalesce($4, tokens_since), secret_hash = coalesce(secret_hash, $5) where id = $1`,
			key, string(text), tx.Now, since, hash)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Replace gives an open service another secret, and returns it. The one before counts for FormerLife. When it is in wrong hands it counts no more, nor does
// what was given for it (Client.Counts). It returns db.ErrConflict for a service that is closed or has no secret. Errors as Change.
func (r *Registry) Replace(ctx context.Context, by journal.Actor, id string, stolen bool) (secret string, err error) {
	key, err := r.registered(id)
	if err != nil {
		return "", err
	}
	secret, hash := token.New()
	err = r.table.act(ctx, by, "replace client secret", func(tx *journal.Tx) (journal.Event, error) {
		if stolen {
			return journal.Event{Action: "client.secret_replaced", Detail: replaced{Client: id}}, tx.ExecOne(ctx, db.ErrConflict,
				`update client set secret_hash = $2, former_hash = null, former_until = null, changed_at = $3, tokens_since = $4 where id = $1 and state = 'open' and secret_hash is not null`, key, hash, tx.Now, seenEverywhere(tx.Now))
		}
		until := tx.Now.Add(FormerLife)
		return journal.Event{Action: "client.secret_replaced", Detail: replaced{id, journal.TimeText(until)}}, tx.ExecOne(ctx, db.ErrConflict,
			`update client set secret_hash = $2, former_hash = secret_hash, former_until = $4, changed_at = $3 where id = $1 and state = 'open' and secret_hash is not null`, key, hash, tx.Now, until)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Close closes a service: from now on it is unknown, and what it was given is worth nothing. Errors as Change.
func (r *Registry) Close(ctx context.Context, by journal.Actor, id string) error {
	return r.turn(ctx, by, id, journal.Event{Action: "client.closed", Detail: detail{id}}, `update client set state = 'closed', closed_at = $2, changed_at = $2 where id = $1 and state = 'open'`)
}

// Reopen opens a service again that was closed: what it was given before stays worth nothing. Errors as Change.
func (r *Registry) Reopen(ctx context.Context, by journal.Actor, id string) error {
	return r.turn(ctx, by, id, journal.Event{Action: "client.reopened", Detail: detail{id}}, `update client set state = 'open', closed_at = null, changed_at = $2, tokens_since = $2 where id = $1 and state = 'closed'`)
}

func (r *Registry) turn(ctx context.Context, by journal.Actor, id string, e journal.Event, sql string) error {
	key, err := r.registered(id)
	if err != nil {
		return err
	}
	return r.table.act(ctx, by, e.Action, func(tx *journal.Tx) (journal.Event, error) {
		return e, tx.ExecOne(ctx, db.ErrConflict, sql, key, tx.Now)
	})
}

// withdraws reports whether a change of a registration takes back something that a service proved itself by: its secret, or a key.
func withdraws(was, is *Client) bool {
	if was.Auth != PrivateKeyJWT || is.Auth != PrivateKeyJWT {
		return (was.Auth == PrivateKeyJWT) != (is.Auth == PrivateKeyJWT)
	}
	return was.JWKSURI != is.JWKSURI || !subset(was.JWKS, is.JWKS)
}

// seenEverywhere is when the last server believes a change of credentials: until then one may give something for those before.
func seenEverywhere(changed time.Time) *time.Time {
	since := changed.Add(Fresh)
	return &since
}

// registered is the key of a service that may be in the table.
func (r *Registry) registered(id string) (uuid.UUID, error) {
	if _, filed := r.filed[id]; filed {
		return uuid.Nil, ErrFiled
	}
	key, err := uuid.Parse(id)
	if err != nil || key.String() != id {
		return uuid.Nil, db.ErrNotFound
	}
	return key, nil
}

// act is an act of an administrator with a fresh second factor, or of the program.
func (t *table) act(ctx context.Context, by journal.Actor, doing string, do func(*journal.Tx) (journal.Event, error)) error {
	batch := &pgx.Batch{}
	may := org.MayAdminister(batch, by)
	err := t.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return do(tx)
	})
	t.forget() // also after an error: the COMMIT may have arrived
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func lock(ctx context.Context, tx *journal.Tx, id uuid.UUID) (Registered, error) {
	found, err := tx.Query(ctx, rows+` where id = $1 for update`, id)
	if err != nil {
		return Registered{}, err
	}
	r, err := pgx.CollectExactlyOneRow(found, func(row pgx.CollectableRow) (Registered, error) { return scan(row, tx.Now) })
	return r, db.Found("lock client", err)
}

// newSecret makes a secret for a way of authentication that has one.
func newSecret(way string) (string, []byte) {
	if way == PrivateKeyJWT {
		return "", nil
	}
	return token.New()
}
