package decision

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/procedure"
)

// Unknown is the kind under which the security log counts questions about people whom the service was never told of.
const Unknown = "decision.unknown"

// Config is what a Point needs.
type Config struct {
	DB        *db.DB
	Journal   *journal.Journal
	Clients   *client.Registry
	Citizens  *citizen.Register
	Drafts    *draft.Register
	Catalogue *procedure.Catalogue
	Keys      *envelope.Keys
	Clock     *clock.Clock

	// Who finds out which client is asking, with a token for these questions, and takes from its allowance. A refusal is an *oidc.Error.
	Who func(*http.Request) (*client.Client, error)
	// Note counts a refusal that concerns nobody we know (session.Sessions.Note).
	Note func(ctx context.Context, r *http.Request, kind string) error
}

// Point answers what services ask (a policy decision point, in AuthZEN's words).
type Point struct{ Config }

// New returns a Point.
func New(c Config) *Point { return &Point{c} }

// Mount declares the routes.
func (p *Point) Mount(r *page.Router) {
	r.Post("/api/decision", page.Client, p.decide)
	r.Get("/api/openapi.json", page.Public, showOpenAPI)
}

// kept is how long answers are remembered: as long as refusals are shown, and a day more, since the day of an answer counts.
const kept = Shown + 24*time.Hour

// Purge forgets answers of more than a month ago: what was answered stands in the journal. What is held about a citizen stays. A job calls it.
func (p *Point) Purge(ctx context.Context) error {
	_, err := p.DB.Purge(ctx, db.System(), `delete from decision_answer where ctid in (select ctid from decision_answer where day < $1
		and not erasure_held(organisation_id, citizen_id, $2) limit $3)`, day(p.Clock.Now().Add(-kept)), p.Clock.Now())
	if err != nil {
		return fmt.Errorf("purge decisions: %w", err)
	}
	return nil
}
