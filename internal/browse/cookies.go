package browse

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// laxPostAge is how long a cookie without a SameSite attribute still goes along with a cross-site POST in Chromium.
const laxPostAge = 2 * time.Minute

// Cookie is a cookie as the browser keeps it.
type Cookie struct {
	Host     string // the host that set it, or the domain it named; ports do not count
	Domain   bool   // also for the subdomains of Host
	Path     string
	Name     string
	Value    string
	Secure   bool
	HTTPOnly bool
	SameSite http.SameSite // SameSiteDefaultMode: not given, treated as Lax
	Expires  time.Time     // zero: ends with the browser
	Created  time.Time
}

// jar keeps cookies as Chromium does; net/http/cookiejar knows neither SameSite nor prefixes, and sends no Secure cookie to
// http://localhost.
type jar struct{ all []Cookie }

// store takes the cookies of a response from u, dropping those that Chromium would refuse.
func (j *jar) store(u *url.URL, received []*http.Cookie, now time.Time) {
	for _, r := range received {
		c, ok := accept(u, r, now)
		if !ok {
			continue
		}
		if i := slices.IndexFunc(j.all, func(o Cookie) bool {
			return o.Name == c.Name && o.Host == c.Host && o.Domain == c.Domain && o.Path == c.Path
		}); i >= 0 {
			c.Created = j.all[i].Created
			j.all = slices.Delete(j.all, i, i+1)
		}
		if c.Expires.IsZero() || c.Expires.After(now) {
			j.all = append(j.all, c)
		}
	}
}

// accept applies RFC 6265bis §5.7 (storage model). A Secure cookie over http is fine on this machine's own addresses.
func accept(u *url.URL, r *http.Cookie, now time.Time) (Cookie, bool) {
	host := strings.ToLower(u.Hostname())
	c := Cookie{Host: host, Path: r.Path, Name: r.Name, Value: r.Value, Secure: r.Secure, HTTPOnly: r.HttpOnly, SameSite: r.SameSite, Created: now}
	if domain := strings.ToLower(strings.TrimPrefix(r.Domain, ".")); domain != "" {
		if !within(host, domain) || (domain != host && registrable(domain) != registrable(host)) {
			return c, false
		}
		c.Host, c.Domain = domain, domain != host || strings.Contains(host, ".")
	}
	if !strings.HasPrefix(c.Path, "/") {
		c.Path = defaultPath(u.Path)
	}
	switch {
	case r.MaxAge < 0:
		c.Expires = now
	case r.MaxAge > 0:
		c.Expires = now.Add(time.Duration(r.MaxAge) * time.Second)
	case !r.Expires.IsZero():
		c.Expires = r.Expires
	}
	name := strings.ToLower(c.Name)
	switch {
	case c.Secure && !trustworthy(u):
		return c, false
	case c.SameSite == http.SameSiteNoneMode && !c.Secure:
		return c, false
	case strings.HasPrefix(name, "__secure-") && !c.Secure:
		return c, false
	case strings.HasPrefix(name, "__host-") && (!c.Secure || r.Domain != "" || r.Path != "/"):
		return c, false
	}
	return c, true
}

// attach adds to a navigation the cookies that go along, longest path first (RFC 6265bis §5.8.3).
func (j *jar) attach(req *http.Request, sameSite bool, now time.Time) {
	var chosen []Cookie
	for _, c := range j.all {
		if (c.Expires.IsZero() || c.Expires.After(now)) && c.goesTo(req.URL) && (sameSite || c.crosses(req.Method, now)) {
			chosen = append(chosen, c)
		}
	}
	slices.SortStableFunc(chosen, func(a, b Cookie) int {
		if d := len(b.Path) - len(a.Path); d != 0 {
			return d
		}
		return a.Created.Compare(b.Created)
	})
	var pairs []string
	for _, c := range chosen {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	if len(pairs) > 0 {
		req.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
}

func (c Cookie) goesTo(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if host != c.Host && (!c.Domain || !within(host, c.Host)) {
		return false
	}
	if c.Secure && !trustworthy(u) {
		return false
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	return path == c.Path || strings.HasPrefix(path, strings.TrimSuffix(c.Path, "/")+"/")
}

// crosses says whether the cookie goes along when another site began the navigation.
func (c Cookie) crosses(method string, now time.Time) bool {
	switch c.SameSite {
	case http.SameSiteNoneMode:
		return true
	case http.SameSiteStrictMode:
		return false
	case http.SameSiteLaxMode:
		return method == http.MethodGet
	}
	return method == http.MethodGet || now.Sub(c.Created) < laxPostAge
}

func within(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }

func defaultPath(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/"
	}
	return path[:i]
}

// Cookies returns a copy of all cookies the browser keeps.
func (b *Browser) Cookies() []Cookie { return slices.Clone(b.jar.all) }

// SetCookies replaces the browser's cookies: with another browser's Cookies it plays a stolen session.
func (b *Browser) SetCookies(cookies []Cookie) { b.jar.all = slices.Clone(cookies) }

// Cookie returns the value of a cookie of that name that would go to the current page.
func (b *Browser) Cookie(name string) (string, bool) {
	for _, c := range b.jar.all {
		if b.address != nil && c.Name == name && c.goesTo(b.address) {
			return c.Value, true
		}
	}
	return "", false
}
