package client

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// checkAddress refuses what nobody must be sent to: plain http outside this machine, and fragments (RFC 6749 §3.1.2).
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.Contains(address, "#") || len(address) > MaxAddress {
		return fmt.Errorf("address %q: not an absolute URL without user and fragment", address)
	}
	ip, _ := netip.ParseAddr(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost" && !ip.IsLoopback()) {
		return fmt.Errorf("address %q: https is needed outside this machine", address)
	}
	return nil
}

// Origin returns the origin of an address, as a content security policy wants it; "" of what is none.
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
