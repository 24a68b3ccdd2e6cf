package receipt

import (
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
	"mandat/internal/receipt/format"
)

// ErrEnded says that nothing is left of a mandate that a receipt could say.
var ErrEnded = errors.New("no power of the mandate is left")

// Settings say who we are.
type Settings struct {
	BaseURL string // of the site, "https://…", without a final slash
}

// Issuer is who signs receipts: another than the identity provider.
func (s Settings) Issuer() string { return s.BaseURL + "/recus" }

// Register makes receipts, and publishes which of them still stand.
type Register struct {
	db       *db.DB
	journal  *journal.Journal
	mandates *mandate.Register
	keys     func() *oidc.KeySet
	settings Settings
	clock    *clock.Clock

	making chan struct{} // one list is made at a time
	shelf  shelf
}

// New returns a register that signs with the keys of use "receipt", which sign nothing else.
func New(d *db.DB, j *journal.Journal, mandates *mandate.Register, keys func() *oidc.KeySet, s Settings, c *clock.Clock) *Register {
	return &Register{db: d, journal: j, mandates: mandates, keys: keys, settings: s, clock: c, making: make(chan struct{}, 1), shelf: shelf{lists: map[int]published{}}}
}

// JWKS is the JSON Web Key Set (RFC 7517) by which receipts and lists are checked.
func (r *Register) JWKS() []byte { return r.keys().JWKS() }

// trusted are the keys by which we check what we are shown.
func (r *Register) trusted() (jose.JSONWebKeySet, error) {
	set, err := format.ParseKeys(r.JWKS())
	if err != nil {
		return set, fmt.Errorf("our own keys: %w", err)
	}
	return set, nil
}

// uri is where a list is published.
func (r *Register) uri(list int) string {
	return fmt.Sprintf("%s/statuts/%d", r.settings.Issuer(), list)
}
