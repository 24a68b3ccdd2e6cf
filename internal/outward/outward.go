// Package outward calls addresses that others gave us: where a client publishes its keys, where it wants to be told that a use
// is over. Whoever registers an address must not reach by it what only we can reach.
//
// So a call follows no redirect, waits for Timeout and reads MaxBody at most; and unless whoever gave the address may name any (the
// operator, in a file), the address that a name resolves to is looked at when the connection is made, not before: a name
// that resolves to something else the second time gains nothing. Where HTTPS_PROXY names a proxy, that proxy decides what can be
// reached behind it, and we look only at addresses that are written as numbers.
package outward

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Limits of a call.
const (
	Timeout = 5 * time.Second // of the whole
	MaxBody = 256 << 10       // bytes that are read of an answer
)

// ErrInside says that an address is not one of the open internet.
var ErrInside = errors.New("an address that is not public")

var errTooLarge = errors.New("the answer is too large")

// New returns a client for such calls. anywhere allows addresses of this machine and of networks that are not public.
func New(anywhere bool) *http.Client {
	dialer := &net.Dialer{Timeout: Timeout}
	direct := newTransport(dialer)
	direct.Proxy = nil
	if !anywhere {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return checkDialled(address) }
	}
	proxied := newTransport(&net.Dialer{Timeout: Timeout})
	proxied.Proxy = http.ProxyFromEnvironment
	return &http.Client{
		Transport:     transport{direct: direct, proxied: proxied, anywhere: anywhere},
		Timeout:       Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newTransport(d *net.Dialer) *http.Transport {
	return &http.Transport{DialContext: d.DialContext, TLSHandshakeTimeout: Timeout, ResponseHeaderTimeout: Timeout, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10}
}

// transport goes through a proxy where the environment names one for this request.
type transport struct {
	direct, proxied *http.Transport
	anywhere        bool
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	way := t.direct
	if proxy, err := http.ProxyFromEnvironment(r); err != nil || proxy != nil {
		way = t.proxied
		if !t.anywhere && !Callable(r.URL.Hostname()) {
			return nil, ErrInside
		}
	}
	res, err := way.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("call outward: %w", err)
	}
	res.Body = &body{ReadCloser: res.Body, left: MaxBody}
	return res, nil
}

// body fails the reading of more than it may have, instead of cutting it silently.
type body struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

func checkDialled(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !Public(to.Addr()) {
		return ErrInside
	}
	return nil
}

// inside are the networks that are not public and that netip does not name: this network, shared (RFC 6598), protocol
// assignments, documentation, benchmarks, reserved, and the ways from IPv6 to IPv4 (RFC 4291 §2.5.5.1, 6052, 8215, 3056, 4380), behind which any of them may lie.
var inside = networks("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:2::/48", "2001:10::/28", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")

func networks(all ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, one := range all {
		out = append(out, netip.MustParsePrefix(one))
	}
	return out
}

// Callable reports whether a host as it is written may be one of the open internet: not a number that is not, and none that is written in a way that a
// resolver may read as one (127.1, 0x7f000001).
func Callable(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return Public(ip)
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := labels[len(labels)-1]
	_, err := strconv.ParseUint(last, 0, 64)
	return err != nil && strings.ContainsFunc(last, func(r rune) bool { return r < '0' || r > '9' })
}

// Public reports whether an address is one of the open internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() {
		return false
	}
	for _, network := range inside {
		if network.Contains(a) {
			return false
		}
	}
	return true
}
