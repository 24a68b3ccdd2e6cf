package app

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// behindProxies gives requests that come from a trusted proxy the address that the proxy saw. Only the rightmost address
// that no trusted proxy has is believed: what stands left of it was written by the client.
func behindProxies(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	believed := func(a netip.Addr) bool {
		for _, p := range trusted {
			if p.Contains(a) {
				return true
			}
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !believed(peer.Addr().Unmap()) {
			next.ServeHTTP(w, r)
			return
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0; i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			if hop = hop.Unmap(); !believed(hop) {
				r = r.Clone(r.Context())
				r.RemoteAddr = net.JoinHostPort(hop.String(), "0")
				break
			}
		}
		next.ServeHTTP(w, r)
	})
}

// proxies reads TRUSTED_PROXIES.
func proxies(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES: %q is not a network such as 10.0.0.0/8", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
