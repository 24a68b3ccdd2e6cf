package citizen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// ErrNamesake says that somebody of whom nobody was asked has the name and the birth date of a new citizen.
var ErrNamesake = errors.New("somebody of this name, born on this day, is known since")

// Namesake is a citizen known by a document who has the name and the birth date of somebody.
type Namesake struct {
	Citizen
	KnownSince time.Time
	Index      []byte // under which the organisation finds them (Register.Index)
}

// called returns the key by which an organisation finds those of a name and birth date.
func (r *Register) called(organisation uuid.UUID, i Identity) ([]byte, error) {
	return r.keys.Index(organisation, "citizen.called", i.called())
}

// AskNamesakes queues, among an act's first statements, the question whom an organisation knows by a document under the name and the birth date of i. The
// answer, the longest known first, may be asked for when the act runs.
func (r *Register) AskNamesakes(b *pgx.Batch, organisation uuid.UUID, i Identity) (func() ([]Namesake, error), error) {
	args, err := r.namesakes(organisation, i)
	if err != nil {
		return nil, err
	}
	var found []Namesake
	b.Queue(namesakes, args...).Query(func(rows pgx.Rows) error {
		found, err = r.readNamesakes(rows, i.called())
		return err
	})
	return func() ([]Namesake, error) { return found, err }, nil
}

// namesakes finds also those of before the index $2, whose sub was made of name and birth date; $3 are its indexes, as the name is written and without ligatures.
const (
	namesakes      = selectNamesake + ` and (name_index = $2 or sub_index = any ($3)) order by created_at, id`
	selectNamesake = `select id, data_key, identity, identified_at, created_at, sub_index from citizen where organisation_id = $1`
)

func (r *Register) namesakes(organisation uuid.UUID, i Identity) ([]any, error) {
	called, err := r.called(organisation, i)
	if err != nil {
		return nil, err
	}
	var before [2][]byte
	for n, form := range []string{i.calledBefore(), i.called()} {
		if before[n], err = r.Index(organisation, documentSub+form); err != nil {
			return nil, err
		}
	}
	return []any{organisation, called, before[:]}, nil
}

// readNamesakes reads those who are called so, or whomever there is if called is "".
func (r *Register) readNamesakes(rows pgx.Rows, called string) ([]Namesake, error) {
	var out []Namesake
	var s Sealed
	var n Namesake
	_, err := pgx.ForEachRow(rows, append(s.Fields(), &n.KnownSince, &n.Index), func() error {
		c, err := r.Open(s)
		if err == nil && (called == "" || c.Identity.called() == called) { // an index put there by another hand makes nobody a namesake
			out = append(out, Namesake{c, n.KnownSince, n.Index})
		}
		return err
	})
	return out, err
}

// FindNamesakes finds citizens of an organisation with how long it knows them, the longest known first. Those who are not there are left out.
func (r *Register) FindNamesakes(ctx context.Context, q Querier, organisation uuid.UUID, who []uuid.UUID) ([]Namesake, error) {
	return r.findNamesakes(ctx, q, "", selectNamesake+` and id = any ($2) order by created_at, id`, organisation, who)
}

func (r *Register) findNamesakes(ctx context.Context, q Querier, called, sql string, args ...any) ([]Namesake, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("find namesakes: %w", err)
	}
	found, err := r.readNamesakes(rows, called)
	if err != nil {
		return nil, fmt.Errorf("find namesakes: %w", err)
	}
	return found, nil
}

// Namesakes returns whom an organisation takes for somebody else than c, a citizen of theirs, though documents told the same name and birth date of both. Of whom
// FranceConnect told there is nobody: its sub tells people apart.
func (r *Register) Namesakes(ctx context.Context, q Querier, organisation uuid.UUID, c Citizen) ([]uuid.UUID, error) {
	if !byDocument(c.Identity) {
		return nil, nil
	}
	args, err := r.namesakes(organisation, c.Identity)
	if err != nil {
		return nil, err
	}
	found, err := r.findNamesakes(ctx, q, c.Identity.called(), namesakes, args...)
	if err != nil {
		return nil, err
	}
	var out []uuid.UUID
	for _, n := range found {
		if n.ID != c.ID {
			out = append(out, n.ID)
		}
	}
	return out, nil
}

// Apart returns ErrNamesake if an organisation knows by a document, under the name and birth date of i, somebody who is not one of those of whom people said that i is
// not they. It makes acts on new citizens of one name wait for each other, until the end of the act.
func (r *Register) Apart(ctx context.Context, tx *db.Tx, organisation uuid.UUID, i Identity, others []uuid.UUID) error {
	args, err := r.namesakes(organisation, i)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(('x' || encode(substring($1::bytea for 8), 'hex'))::bit(64)::bigint)`, args[1]); err != nil {
		return fmt.Errorf("lock a name: %w", err)
	}
	found, err := r.findNamesakes(ctx, tx, i.called(), namesakes, args...)
	if err != nil {
		return err
	}
	for _, n := range found {
		if !slices.Contains(others, n.ID) {
			return ErrNamesake
		}
	}
	return nil
}
