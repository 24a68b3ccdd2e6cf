package browse

import (
	"fmt"
	"net/url"
	"strings"
)

// mayGo applies the form-action directive of the page's Content-Security-Policy to one address on the way of a submitted
// form. Chromium holds it against every redirect after the post too: the server has acted by then, and the person sees
// nothing happen.
func (i *initiator) mayGo(to *url.URL) error {
	if i == nil {
		return nil
	}
	for _, header := range i.policies {
		for policy := range strings.SplitSeq(header, ",") {
			sources, stated := formAction(policy)
			if stated && !i.allows(sources, to) {
				return fmt.Errorf("form-action %q keeps the form from going to %s://%s", strings.Join(sources, " "), to.Scheme, to.Host)
			}
		}
	}
	return nil
}

func formAction(policy string) (sources []string, stated bool) {
	for directive := range strings.SplitSeq(policy, ";") {
		words := strings.Fields(directive)
		if len(words) > 0 && strings.EqualFold(words[0], "form-action") {
			return words[1:], true
		}
	}
	return nil, false
}

// allows matches an address with a source list (CSP §6.7.2): 'self', *, a scheme, or a host with optional scheme and
// port. Without a scheme in the source, the page's own (or its secure form) is wanted.
func (i *initiator) allows(sources []string, to *url.URL) bool {
	for _, source := range sources {
		switch {
		case source == "*":
			return true
		case strings.EqualFold(source, "'self'"):
			if originOf(i.address) == originOf(to) {
				return true
			}
		case strings.HasSuffix(source, ":"):
			if strings.EqualFold(strings.TrimSuffix(source, ":"), to.Scheme) {
				return true
			}
		case !strings.HasPrefix(source, "'") && i.hostMatches(source, to):
			return true
		}
	}
	return false
}

func (i *initiator) hostMatches(source string, to *url.URL) bool {
	scheme, rest, given := strings.Cut(source, "://")
	if !given {
		scheme, rest = i.address.Scheme, source
	}
	if scheme != to.Scheme && (scheme != "http" || to.Scheme != "https") {
		return false
	}
	// A path in the source is not compared: Chromium does not after a redirect, and redirects are why this is here.
	host, _, _ := strings.Cut(rest, "/")
	host, port, withPort := strings.Cut(host, ":")
	if sub, wild := strings.CutPrefix(host, "*."); wild {
		if !strings.HasSuffix(strings.ToLower(to.Hostname()), "."+strings.ToLower(sub)) {
			return false
		}
	} else if !strings.EqualFold(host, to.Hostname()) {
		return false
	}
	if withPort && port != "*" && port != portOf(to) || !withPort && portOf(to) != defaultPort(to.Scheme) {
		return false
	}
	return true
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return defaultPort(u.Scheme)
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}
