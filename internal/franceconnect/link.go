package franceconnect

import (
	"encoding/base32"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/session"
	"mandat/internal/token"
)

// LinkLife is how long a link for the citizen's own phone can be opened. Who leaves with it for FranceConnect in that time has as long to come
// back as anybody who leaves (session.AttemptLife).
const LinkLife = 10 * time.Minute

// longestLink is what the schema allows: the whole way of a link, however often its phone leaves anew.
const longestLink = LinkLife + session.AttemptLife

// The states of a link: made → opened → left → answered → identified, or it ends as refused, expired or cancelled. An answered one is being
// looked at: it can no longer be cancelled.
const (
	linkMade       = "made"
	linkOpened     = "opened" // somebody has seen its page, which binds nobody
	linkLeft       = "left"   // one browser has left with it for FranceConnect, and no other can
	linkAnswered   = "answered"
	linkIdentified = "identified"
	linkRefused    = "refused"
	linkExpired    = "expired"
	linkCancelled  = "cancelled"
)

// link is a row of franceconnect_link.
type link struct {
	ID, Draft                    uuid.UUID
	Version                      int // of the draft, when the link was made
	Session                      []byte
	Number                       int
	State                        string
	Refusal                      string // name of the message that says why, of a refused one
	Nonce                        string
	CreatedAt, LeftAt, ExpiresAt time.Time
	Mine                         bool   // the browser that asks has left with it
	Asks                         string // the name of the organisation
}

// linkColumns is what scanLink reads of a row l; $1 is the SHA-256 of the secret of the phone that asks, null without one.
const linkColumns = `l.id, l.draft_id, l.draft_version, l.session_id, l.number, l.state, coalesce(l.refusal, ''), coalesce(l.nonce, ''),
	l.created_at, coalesce(l.left_at, l.created_at), l.expires_at, l.browser is not distinct from $1::bytea and l.browser is not null,
	(select o.name from organisation o where o.id = l.organisation_id)`

func scanLink(row pgx.Row) (link, error) {
	var l link
	err := row.Scan(&l.ID, &l.Draft, &l.Version, &l.Session, &l.Number, &l.State, &l.Refusal, &l.Nonce,
		&l.CreatedAt, &l.LeftAt, &l.ExpiresAt, &l.Mine, &l.Asks)
	return l, err
}

// at is the link as it is at an instant: the row of one whose time is over says so only when the next act meets it.
func (l link) at(now time.Time) link {
	switch l.State {
	case linkMade, linkOpened, linkLeft, linkAnswered:
		if !now.Before(l.ExpiresAt) {
			l.State = linkExpired
		}
	}
	return l
}

// open reports whether a browser may leave with it for FranceConnect: any one at first, then only the one that did.
func (l link) open() bool {
	return l.State == linkMade || l.State == linkOpened || l.State == linkLeft && l.Mine
}

// spelling is how the secret of a link is written, for people who type it: no i, l, o or u (Crockford's base 32, in lower case).
var spelling = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// secretLength is that of 128 bits.
const secretLength = 26

func newSecret() string { return spelling.EncodeToString(token.Bytes(16)) }

// secretOf is a secret as it was typed or scanned: hyphens, blanks and capitals do not matter, and letters that look like a digit are that
// digit. It is "" for what no link can have.
func secretOf(typed string) string {
	out := strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(typed))
	if len(out) != secretLength {
		return ""
	}
	return out
}

// grouped is a secret in groups of five letters, which are easier to type.
func grouped(secret string) string {
	var out []string
	for ; len(secret) > 6; secret = secret[5:] {
		out = append(out, secret[:5])
	}
	return strings.Join(append(out, secret), "-")
}
