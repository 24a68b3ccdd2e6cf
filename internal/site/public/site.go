package public

import (
	"context"
	"io"
	"net/http"

	"mandat/internal/attestation"
	"mandat/internal/client"
	"mandat/internal/journal/tree"
	"mandat/internal/page"
	"mandat/internal/proconnect"
	"mandat/internal/prose"
	"mandat/internal/receipt"
)

// Contact is where whoever runs the site is reached.
type Contact struct{ Phone, Email, Address string }

// Site serves the public pages.
type Site struct {
	Contact  Contact
	Pages    *page.Pages
	Press    *attestation.Press
	Receipts *receipt.Register
	Clients  *client.Registry
	Log      *tree.Log
	Policy   string                      // text of the journal's policy file (C2SP tlog-policy)
	Ready    func(context.Context) error // whether this server should get requests
}

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	r.Get("/{$}", page.Public, s.showHome)
	r.Get("/v/{token}", page.Public, s.showStatus)
	r.Post("/v/{token}", page.Public, s.doCheck)
	s.mountCatalogue(r)
	s.mountReceipts(r)
	r.Get("/accessibilite", page.Public, s.showAccessibility)
	r.Get("/mentions", page.Public, s.showLegal)
	r.Get("/robots.txt", page.Public, s.sendRobots)
	r.Get("/journal/checkpoint", page.Public, s.sendCheckpoint)
	r.Get("/journal/tile/{path...}", page.Public, s.sendTile)
	r.Get("/journal/timestamp", page.Public, s.sendTimestamp)
	r.Get("/journal/policy", page.Public, s.sendPolicy)
	r.Get("/healthz", page.Probe, s.sendHealth)
	r.Get("/readyz", page.Probe, s.sendReady)
}

type plainPage struct{ page.Common }

type legalPage struct {
	page.Common
	Contact Contact
}

// showHome is also where ProConnect sends the browser back after signing out, with the state that it was given: the page
// that says so stands at an address without one.
func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has("state") {
		http.Redirect(w, r, proconnect.SignedOutPath, http.StatusSeeOther)
		return nil
	}
	return s.Pages.Render(w, r, http.StatusOK, "public/home.html", &plainPage{page.Common{Title: "public.home.title"}})
}

func (s *Site) showAccessibility(w http.ResponseWriter, r *http.Request) error {
	return s.Pages.Render(w, r, http.StatusOK, "public/accessibility.html", &plainPage{page.Common{Title: "public.accessibility.title", Trail: []page.Link{home}}})
}

func (s *Site) showLegal(w http.ResponseWriter, r *http.Request) error {
	return s.Pages.Render(w, r, http.StatusOK, "public/legal.html", &legalPage{page.Common{Title: "public.legal.title", Trail: []page.Link{home}}, Contact{prose.Together(s.Contact.Phone), s.Contact.Email, s.Contact.Address}})
}

var home = page.Link{Href: "/", Text: "page.home"}

func (s *Site) sendRobots(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	return sendText(w, http.StatusOK, "User-agent: *\nDisallow: /v/\nDisallow: /mails/\n")
}

func (s *Site) sendHealth(w http.ResponseWriter, _ *http.Request) error {
	return sendText(w, http.StatusOK, "ok\n")
}

func (s *Site) sendReady(w http.ResponseWriter, r *http.Request) error {
	if err := s.Ready(r.Context()); err != nil {
		return sendText(w, http.StatusServiceUnavailable, err.Error()+"\n")
	}
	return sendText(w, http.StatusOK, "ready\n")
}

func sendText(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
	return nil
}
