package browse

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// trail is the way of one navigation so far: the page that began it and every address since, the last being the one asked
// for now.
type trail struct {
	from *initiator
	hops []*url.URL
}

// describe sets what Chromium tells a server about a navigation: the Fetch Metadata headers (W3C Fetch Metadata §2), Origin
// for a POST (Fetch §3.1) and Referer (W3C Referrer Policy §8.3).
func (t trail) describe(h http.Header, method string) {
	to := t.hops[len(t.hops)-1]
	h.Set("Upgrade-Insecure-Requests", "1")
	if trustworthy(to) { // Chromium sends them to nobody else
		h.Set("Sec-Fetch-Site", t.site())
		h.Set("Sec-Fetch-Mode", "navigate")
		h.Set("Sec-Fetch-Dest", "document")
		h.Set("Sec-Fetch-User", "?1")
	}
	if t.from == nil {
		return
	}
	if referer := t.referer(); referer != "" {
		h.Set("Referer", referer)
	}
	if method == http.MethodPost {
		h.Set("Origin", t.origin(to))
	}
}

// site is the value of Sec-Fetch-Site: the furthest that the trail has been from where it began.
func (t trail) site() string {
	if t.from == nil {
		return "none"
	}
	furthest := "same-origin"
	for _, hop := range t.hops {
		switch {
		case !sameSite(t.from.address, hop):
			return "cross-site"
		case originOf(t.from.address) != originOf(hop):
			furthest = "same-site"
		}
	}
	return furthest
}

// origin is `null` once a redirect has changed origins, and when the page's referrer policy hides the origin.
func (t trail) origin(to *url.URL) string {
	own := originOf(t.from.address)
	for i, hop := range t.hops[1:] {
		if originOf(hop) != originOf(t.hops[i]) {
			return "null"
		}
	}
	switch t.from.referrer {
	case "no-referrer":
		return "null"
	case "same-origin":
		if own != originOf(to) {
			return "null"
		}
	case "no-referrer-when-downgrade", "strict-origin", "strict-origin-when-cross-origin", "":
		if t.from.address.Scheme == "https" && to.Scheme != "https" {
			return "null"
		}
	}
	return own
}

// referer is worked out hop by hop: what one hop cut off, a later one does not get back.
func (t trail) referer() string {
	page := *t.from.address
	page.User, page.Fragment = nil, ""
	referrer := &page
	for _, hop := range t.hops {
		kept := keep(t.from.referrer, referrer, hop)
		switch kept {
		case nothing:
			return ""
		case onlyOrigin:
			referrer = &url.URL{Scheme: referrer.Scheme, Host: referrer.Host, Path: "/"}
		}
	}
	return referrer.String()
}

type kept int

const (
	everything kept = iota
	onlyOrigin
	nothing
)

// keep says how much of a referrer a policy shows to an address.
func keep(policy string, referrer, to *url.URL) kept {
	same := originOf(referrer) == originOf(to)
	downgrade := referrer.Scheme == "https" && !trustworthy(to)
	switch policy {
	case "no-referrer":
		return nothing
	case "unsafe-url":
		return everything
	case "origin":
		return onlyOrigin
	}
	switch {
	case policy == "same-origin" && !same, downgrade && policy != "same-origin" && policy != "origin-when-cross-origin":
		return nothing
	case policy == "strict-origin", !same && policy != "no-referrer-when-downgrade":
		return onlyOrigin // the default, strict-origin-when-cross-origin, ends here or below
	}
	return everything
}

// sameSite says whether cookies with SameSite=Strict may go along: Chromium compares the address asked for with the page
// that began the navigation, not with the redirects between.
func (t trail) sameSite() bool {
	return t.from == nil || sameSite(t.from.address, t.hops[len(t.hops)-1])
}

func originOf(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }

// sameSite compares scheme and registrable domain; ports do not count.
func sameSite(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && registrable(a.Hostname()) == registrable(b.Hostname())
}

func registrable(host string) string {
	host = strings.ToLower(host)
	if net.ParseIP(host) != nil {
		return host
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil { // localhost, or a public suffix itself
		return host
	}
	return domain
}

// trustworthy is the "potentially trustworthy" of W3C Secure Contexts §3.1: https, or this machine.
func trustworthy(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if u.Scheme == "https" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
