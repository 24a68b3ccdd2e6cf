package browse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxRedirects = 20
	maxBody      = 8 << 20
	callTime     = 30 * time.Second
)

// Browser is one person's browser: its cookies and the page it shows. It is not safe for concurrent use; two people are two
// browsers.
type Browser struct {
	Page // what it shows

	ctx     context.Context // a browser lives as long as the story it walks, see Bind
	jar     jar
	client  *http.Client
	stops   []string
	headers http.Header
}

// New opens a browser with no cookies that shows nothing.
func New() *Browser {
	return &Browser{
		ctx:     context.Background(),
		client:  &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		headers: http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}, "Accept-Language": {"fr-FR,fr;q=0.9"}, "User-Agent": {"Mozilla/5.0 (browse; no JavaScript)"}},
	}
}

// Bind makes all that the browser does from now on end with ctx.
func (b *Browser) Bind(ctx context.Context) { b.ctx = ctx }

// SetHeader sets a header that every request carries, such as Accept-Language. An empty value takes it away.
func (b *Browser) SetHeader(name, value string) {
	if value == "" {
		b.headers.Del(name)
		return
	}
	b.headers.Set(name, value)
}

// StopAt makes the browser stop before it loads an address that begins with one of the prefixes: URL then is that address,
// Stopped is true and nothing else of the page is known. Called without prefixes it stops nowhere.
func (b *Browser) StopAt(prefixes ...string) { b.stops = prefixes }

// Get opens an address as if it were typed.
func (b *Browser) Get(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("browse: %w", err)
	}
	return b.navigate(navigation{method: http.MethodGet, to: u})
}

// Reload loads the page again, as GET.
func (b *Browser) Reload() error {
	if b.address == nil {
		return errors.New("browse: nothing to reload")
	}
	return b.Get(b.address.String())
}

// Post sends values to action (relative to the page) as a form on this page would, whatever forms it has: for what the page
// does not offer.
func (b *Browser) Post(action string, values url.Values) error {
	to, err := b.resolve(action)
	if err != nil {
		return err
	}
	return b.navigate(navigation{method: http.MethodPost, to: to, body: values.Encode(), from: b.initiator(), form: true})
}

// PostFrom is Post with the form on another site's page, at the address `page`.
func (b *Browser) PostFrom(page, action string, values url.Values) error {
	from, err := url.Parse(page)
	if err != nil {
		return fmt.Errorf("browse: %w", err)
	}
	to, err := from.Parse(action)
	if err != nil {
		return fmt.Errorf("browse: %w", err)
	}
	return b.navigate(navigation{method: http.MethodPost, to: to, body: values.Encode(), from: &initiator{address: from}})
}

// navigation is one way to another page: what is asked first, and what began it.
type navigation struct {
	method string
	to     *url.URL
	body   string     // of a POST
	kind   string     // its content type; "" is that of an ordinary form
	from   *initiator // the page that began it; nil for a typed address
	form   bool       // a form was submitted: form-action of the page holds
}

// initiator is the page a navigation starts from.
type initiator struct {
	address  *url.URL
	referrer string // its referrer policy
	policies []string
}

func (b *Browser) initiator() *initiator {
	if b.address == nil {
		return nil
	}
	return &initiator{address: b.address, referrer: b.referrerPolicy(), policies: b.Header().Values("Content-Security-Policy")}
}

// navigate follows redirects to a page.
func (b *Browser) navigate(n navigation) error {
	ctx, cancel := context.WithTimeout(b.ctx, callTime)
	defer cancel()
	t := trail{from: n.from}
	for range maxRedirects {
		if n.form {
			if err := n.from.mayGo(n.to); err != nil {
				return b.errorf("%w", err)
			}
		}
		t.hops = append(t.hops, n.to)
		if b.stopsAt(n.to) {
			b.Page = Page{address: n.to, stopped: true}
			return nil
		}
		resp, err := b.send(ctx, n, t)
		if err != nil {
			return fmt.Errorf("browse: %w", err)
		}
		next := redirectOf(resp)
		if next == nil {
			return b.show(resp)
		}
		_ = resp.Body.Close()
		if n.to.Fragment != "" && next.Fragment == "" {
			next.Fragment = n.to.Fragment
		}
		n.method, n.body = afterRedirect(resp.StatusCode, n.method, n.body)
		n.to = next
	}
	return fmt.Errorf("browse: more than %d redirects, at %s", maxRedirects, n.to)
}

func (b *Browser) stopsAt(u *url.URL) bool {
	for _, prefix := range b.stops {
		if strings.HasPrefix(u.String(), prefix) {
			return true
		}
	}
	return false
}

func (b *Browser) send(ctx context.Context, n navigation, t trail) (*http.Response, error) {
	if n.to.Scheme != "http" && n.to.Scheme != "https" {
		return nil, fmt.Errorf("cannot open %s", n.to)
	}
	req, err := http.NewRequestWithContext(ctx, n.method, n.to.String(), strings.NewReader(n.body))
	if err != nil {
		return nil, err
	}
	req.Header = b.headers.Clone()
	t.describe(req.Header, n.method)
	if n.method == http.MethodPost {
		req.Header.Set("Content-Type", cmp.Or(n.kind, "application/x-www-form-urlencoded"))
	}
	now := time.Now()
	b.jar.attach(req, t.sameSite(), now)
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, err
	}
	b.jar.store(n.to, resp.Cookies(), now)
	return resp, nil
}

func (b *Browser) show(resp *http.Response) error {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return fmt.Errorf("browse: read %s: %w", resp.Request.URL, err)
	}
	b.Page = newPage(resp, body)
	return nil
}

// redirectOf returns where a response sends the browser, or nil when it is a page.
func redirectOf(resp *http.Response) *url.URL {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	to, err := resp.Location()
	if err != nil {
		return nil
	}
	return to
}

// afterRedirect applies RFC 9110 §15.4 the way browsers do: 303 always turns into a GET, 301 and 302 do after a POST.
func afterRedirect(status int, method, body string) (string, string) {
	switch {
	case status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect:
		return method, body
	case method == http.MethodPost || status == http.StatusSeeOther:
		return http.MethodGet, ""
	}
	return method, body
}

func (b *Browser) resolve(reference string) (*url.URL, error) {
	if b.address == nil {
		u, err := url.Parse(reference)
		if err != nil {
			return nil, fmt.Errorf("browse: %w", err)
		}
		return u, nil
	}
	u, err := b.base().Parse(reference)
	if err != nil {
		return nil, b.errorf("%w", err)
	}
	return u, nil
}
