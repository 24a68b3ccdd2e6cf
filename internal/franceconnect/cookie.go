package franceconnect

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"mandat/internal/token"
)

// phoneCookie names the cookie that binds a phone to the link with which it left. Nobody is signed in by it.
func (rp *RP) phoneCookie() string { return rp.cookie("telephone") }

// shownCookie names the cookie in which the aidant's own browser keeps the secret of a draft's link, so that the page which shows it can be
// asked for again: the database has only its hash.
func (rp *RP) shownCookie(draft uuid.UUID) string { return rp.cookie("lien-" + draft.String()) }

func (rp *RP) cookie(name string) string {
	if rp.secure {
		return "__Host-" + name
	}
	return name
}

// keep gives a browser a cookie. Lax is needed by the phone, which comes back from FranceConnect.
func (rp *RP) keep(w http.ResponseWriter, name, value string, life time.Duration, site http.SameSite) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, Secure: rp.secure, SameSite: site}) //nolint:gosec // Secure wherever the site is
}

// phone is the SHA-256 of the secret in the phone's cookie, nil without one.
func (rp *RP) phone(r *http.Request) []byte {
	cookie, err := r.Cookie(rp.phoneCookie())
	if err != nil || cookie.Value == "" {
		return nil
	}
	return token.Hash(cookie.Value)
}

// from is where the connection comes from; 0.0.0.0 when that cannot be told.
func from(r *http.Request) netip.Addr {
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return from.Addr()
	}
	return netip.IPv4Unspecified()
}
