package idp

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// step is the detail of the entries power.asked, power.citizen_chosen and power.procedure_chosen.
type step struct {
	Login       string `json:"login"`
	Client      string `json:"client"`
	Service     string `json:"service"` // the client that is a service itself; unknown behind FranceConnect
	InsteadOf   string `json:"instead_of,omitempty"`
	Procedure   string `json:"procedure,omitempty"`
	ProcedureIs string `json:"procedure_is,omitempty"` // enforced at a service, declared behind FranceConnect
	Case        string `json:"case,omitempty"`
}

// stepped is what a step's statement says of the login that it moved, and of whose it is.
type stepped struct {
	login                uuid.UUID
	organisation, person uuid.UUID
	session              []byte
	client               string
	direct               bool
}

// errNotMoved says that a step's statement moved nothing. The caller looks why.
var errNotMoved = errors.New("the login was not moved")

// record records a step of an aidant, whose statement is in the batch and says in m what it moved: the entry is there if, and only if, it moved
// the login; else it returns errNotMoved. Losing both would cost a click, so neither waits for the disk.
func (p *Provider) record(ctx context.Context, s db.Scope, batch *pgx.Batch, m *stepped, event func() journal.Event) error {
	return p.journal.RecordSoon(ctx, s, batch, func(tx *journal.Tx) (journal.Event, error) {
		if m.login == uuid.Nil {
			return journal.Event{}, errNotMoved
		}
		tx.By = m.aidant()
		return event(), nil
	})
}

// aidant is whose login it is.
func (m *stepped) aidant() journal.Actor {
	return journal.Actor{Kind: journal.Aidant, Person: m.person, Organisation: m.organisation, Session: m.session}
}

// step begins the detail of an entry.
func (m *stepped) step() step {
	return step{Login: m.login.String(), Client: m.client, Service: m.service()}
}

// service is the service that an identity is for, as far as we know.
func (m *stepped) service() string {
	if m.direct {
		return m.client
	}
	return unknownService
}

// procedureIs says whether the service is held to the procedure.
func (m *stepped) procedureIs() string {
	if m.direct {
		return "enforced"
	}
	return "declared"
}

// unknownService stands for the services behind FranceConnect, which does not tell which one it was.
const unknownService = "unknown"
