package session

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// deviceLife is how long a browser has the cookie by which it is known again. What we know of it may go before (package retention).
const deviceLife = 365 * 24 * time.Hour

// Device is the browser that signs in: whether it did before, what it says it is, and from which network it comes. The
// address itself is not kept, and nobody looks up where it is.
type Device struct {
	Label   string       // browser and system, in words
	Network netip.Prefix // IPv4 /24, IPv6 /48

	secret string // of its cookie, a new one if it had none
}

// Device says with what a request comes.
func (s *Sessions) Device(r *http.Request) Device {
	d := Device{Label: words(r.UserAgent()), Network: network(r)}
	if cookie, err := r.Cookie(s.device); err == nil && len(cookie.Value) == secretLength {
		d.secret = cookie.Value
	} else {
		d.secret, _ = token.New()
	}
	return d
}

// Hash names the browser without its secret, as session_device does.
func (d Device) Hash() []byte { return token.Hash(d.secret) }

// Known returns what names the browser of a request (Device.Hash) if a person has signed in with it before, else nil.
func (s *Sessions) Known(r *http.Request, person uuid.UUID) ([]byte, error) {
	device, known := s.Device(r).Hash(), false
	batch := &pgx.Batch{}
	batch.Queue(`select exists (select from session_device where person_id = $1 and device = $2)`, person, device).QueryRow(func(row pgx.Row) error { return row.Scan(&known) })
	if err := s.db.Ask(r.Context(), db.Nothing(), batch); err != nil {
		return nil, fmt.Errorf("look for device: %w", err)
	}
	if !known {
		return nil, nil
	}
	return device, nil
}

// network returns the column's value.
func (d Device) network() *netip.Prefix {
	if !d.Network.IsValid() {
		return nil
	}
	return &d.Network
}

const presence = `insert into session_presence (person_id, signed_in_at) values ($1, $2) on conflict (person_id) do update set signed_in_at = greatest(session_presence.signed_in_at, excluded.signed_in_at)`

// note remembers that the person signed in, and with what. It reports whether they did so before, and never with this.
func (d Device) note(ctx context.Context, tx *journal.Tx, person uuid.UUID) (bool, error) {
	if d.secret == "" || !d.Network.IsValid() {
		_, err := tx.Exec(ctx, presence, person, tx.Now)
		return false, err
	}
	var other bool
	err := tx.QueryRow(ctx, `with here as (`+presence+`),
		kept as (insert into session_device (person_id, device, label, network, first_at, last_at) values ($1, $3, $4, $5, $2, $2)
			on conflict (person_id, device) do update set last_at = greatest(session_device.last_at, excluded.last_at), label = excluded.label, network = excluded.network)
		select exists (select from session_presence where person_id = $1) and not exists (select from session_device where person_id = $1 and device = $3)`,
		person, tx.Now, token.Hash(d.secret), d.Label, d.Network).Scan(&other)
	return other, err
}

// writeDevice gives the browser its cookie, or lengthens its life.
func (s *Sessions) writeDevice(w http.ResponseWriter, secret string) {
	http.SetCookie(w, &http.Cookie{Name: s.device, Value: secret, Path: "/", MaxAge: int(deviceLife.Seconds()), HttpOnly: true, Secure: s.store.options.Secure, SameSite: http.SameSiteLaxMode}) //nolint:gosec // Secure wherever the site is
}

// What the header User-Agent holds of each family; the first that fits counts, because browsers name those they descend from.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"Chromium/", "Chromium"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"},
		{"Linux", "Linux"}}
)

// words says in words what a browser calls itself ("Firefox, Windows"): its family and system, nothing else, "" if neither
// is known. It is what the browser says, and helps people to recognise their own.
func words(agent string) string {
	var out []string
	for _, families := range [][][2]string{browsers, systems} {
		for _, f := range families {
			if strings.Contains(agent, f[0]) {
				out = append(out, f[1])
				break
			}
		}
	}
	return strings.Join(out, ", ")
}
