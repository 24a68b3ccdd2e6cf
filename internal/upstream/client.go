package upstream

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// Limits of the back channel.
const (
	connectTimeout = 5 * time.Second
	totalTimeout   = 10 * time.Second
	maxBody        = 1 << 20
)

var errTooLarge = errors.New("the provider's answer is larger than 1 MiB")

// newClient returns the client of the back channel. It follows no redirect: our secret and the code go to the address
// that discovery gave, and nowhere else. total replaces the total time-out if it is not zero.
func newClient(total time.Duration) *http.Client {
	if total == 0 {
		total = totalTimeout
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:   connectTimeout,
		ResponseHeaderTimeout: total,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       30 * time.Second,
	}
	return &http.Client{
		Transport:     limited{transport},
		Timeout:       total,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// limited fails the reading of a body that is larger than maxBody, instead of cutting it silently.
type limited struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.next.RoundTrip(r)
	if err == nil {
		res.Body = &body{ReadCloser: res.Body, left: maxBody}
	}
	return res, err
}

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
