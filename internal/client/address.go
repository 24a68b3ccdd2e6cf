package client

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// checkAddress refuses what nobody must be sent to: plain http outside this machine, and fragments (RFC 6749 §3.1.2). Its host goes into the content
// security policy of our pages, where a star, a semicolon or a comma would say something else; and letters of other alphabets that look like
// these are to be written as they are asked for (RFC 5890, xn--).
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.Contains(address, "#") || len(address) > maxAddress {
		return fmt.Errorf("address %q: not an absolute URL without user and fragment", address)
	}
	ip, noIP := netip.ParseAddr(u.Hostname())
	if noIP != nil && strings.ContainsFunc(u.Hostname(), notInName) || ip.Zone() != "" {
		return fmt.Errorf("address %q: the host is neither a name nor an address by number", address)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost" && !ip.IsLoopback()) {
		return fmt.Errorf("address %q: https is needed outside this machine", address)
	}
	return nil
}

// notInName reports whether a character cannot be in the name of a host.
func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
}

// Origin returns the origin of an address, as a content security policy wants it; "" of what is none.
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
