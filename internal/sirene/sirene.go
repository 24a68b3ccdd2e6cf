// Package sirene looks an establishment up by its SIRET in the State's directory of businesses, to spare typing. It is a comfort: the service is
// optional, asked for at most three seconds, and when it does not answer, people type.
//
// It speaks the JSON of recherche-entreprises.api.gouv.fr (no key): GET /search?q=SIRET. Only the number is sent. What comes back is public, is
// shown in a form to be corrected, and is never kept as it is.
package sirene

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"mandat/internal/clock"
)

// Errors of a look-up. Both are normal answers: the form is filled by hand.
var (
	ErrUnavailable = errors.New("the directory of businesses does not answer")
	ErrUnknown     = errors.New("the directory of businesses does not show this establishment")
)

// Limits of a look-up.
const (
	timeout  = 3 * time.Second
	longest  = 1 << 20        // bytes of an answer
	keepFor  = 24 * time.Hour // an answer; a failure is not kept
	keepMost = 1000           // answers
)

// Establishment is what the directory says. Texts it does not tell are "".
type Establishment struct {
	Name, Address, Postcode, City string
	INSEE                         string // code of the municipality
	Closed                        bool   // the establishment has ended
}

// Client looks establishments up.
type Client struct {
	base  string
	http  *http.Client
	clock *clock.Clock

	mutex sync.Mutex
	known map[string]answer
}

type answer struct {
	establishment Establishment
	err           error // nil or ErrUnknown
	until         time.Time
}

// New returns a client of the service at an address like "https://recherche-entreprises.api.gouv.fr". With "" there is none, and every look-up is
// ErrUnavailable.
func New(base string, c *clock.Clock) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), clock: c, known: map[string]answer{},
		http: &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Find looks an establishment up by its 14 digits, in memory if it was found within a day. It returns ErrUnknown or ErrUnavailable.
func (c *Client) Find(ctx context.Context, siret string) (Establishment, error) {
	if c.base == "" || len(siret) != 14 || strings.Trim(siret, "0123456789") != "" {
		return Establishment{}, ErrUnavailable
	}
	now := c.clock.Now()
	if a, ok := c.kept(siret, now); ok {
		return a.establishment, a.err
	}
	e, err := c.ask(ctx, siret)
	if err == nil || errors.Is(err, ErrUnknown) {
		c.keep(siret, answer{e, err, now.Add(keepFor)}, now)
	}
	return e, err
}

func (c *Client) kept(siret string, now time.Time) (answer, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	a, ok := c.known[siret]
	return a, ok && now.Before(a.until)
}

func (c *Client) keep(siret string, a answer, now time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for k, old := range c.known {
		if len(c.known) >= keepMost || !now.Before(old.until) {
			delete(c.known, k)
		}
	}
	c.known[siret] = a
}

// place is an establishment in an answer.
type place struct {
	SIRET    string `json:"siret"`
	Address  string `json:"adresse"`
	Postcode string `json:"code_postal"`
	City     string `json:"libelle_commune"`
	INSEE    string `json:"commune"`
	State    string `json:"etat_administratif"` // "A" or "F"
}

type results struct {
	Results []struct {
		Name      string  `json:"nom_complet"`
		LegalName string  `json:"nom_raison_sociale"`
		Seat      place   `json:"siege"`
		Matching  []place `json:"matching_etablissements"`
	} `json:"results"`
}

func (c *Client) ask(ctx context.Context, siret string) (Establishment, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/search?"+url.Values{"q": {siret}, "page": {"1"}, "per_page": {"1"}}.Encode(), nil)
	if err != nil {
		return Establishment{}, ErrUnavailable
	}
	req.Header.Set("Accept", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return Establishment{}, ErrUnavailable // the error may quote the address
	}
	defer func() { _ = res.Body.Close() }()
	var found results
	if res.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(res.Body, longest)).Decode(&found) != nil {
		return Establishment{}, ErrUnavailable
	}
	for _, r := range found.Results {
		for _, p := range append(r.Matching, r.Seat) {
			if p.SIRET == siret {
				return p.establishment(r.Name, r.LegalName), nil
			}
		}
	}
	return Establishment{}, ErrUnknown
}

// hidden is what the directory says of what its owner does not want shown.
const hidden = "[NON-DIFFUSIBLE]"

// establishment is what we use of an answer, each text no longer than a form takes. The directory's address ends with postcode and town, which have
// places of their own.
func (p place) establishment(name, legalName string) Establishment {
	if legalName != "" {
		name = legalName
	}
	street := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(p.Address), strings.TrimSpace(p.Postcode+" "+p.City)))
	return Establishment{Name: shown(name), Address: shown(street), Postcode: shown(p.Postcode), City: shown(p.City), INSEE: shown(p.INSEE), Closed: p.State == "F"}
}

func shown(s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, hidden) {
		return ""
	}
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}
