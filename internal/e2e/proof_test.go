package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"

	"mandat/internal/journal/verify"
)

// handOver prints the attestation, and lets anybody read the public page about the mandate.
func (s *storyteller) handOver() {
	s.about("the attestation")
	s.press(`.fr-alert a[href$="/attestation"]`)
	s.page("aidant.attestation.title")
	s.look("attestation")
	if s.looks {
		paper, err := chromedp.Run(s.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPreferCSSPageSize()))
		if err != nil {
			s.fatalf("%v", err)
		}
		s.keep(filepath.Join(s.lang, "attestation-on-paper.pdf"), paper)
	}
	for _, word := range strings.Fields(s.read(".fr-sheet__address")) {
		if strings.HasPrefix(word, s.Config.BaseURL) {
			s.status = word
		}
	}
	_, word, _ := strings.Cut(s.read(".fr-sheet__said strong"), ":")
	file := s.download(`a[href$="/attestation.pdf"]`)
	if !bytes.HasPrefix(file, []byte("%PDF-")) {
		s.fatalf("the attestation is no PDF")
	}
	s.press(`a[href$="/attestation?taille=grande"]`)
	s.look("attestation-large")
	s.press(`a[href$="/attestation?traduction=en"]`)
	s.look("attestation-beside")
	s.about("anybody reads the public page")
	anybody := arrive(s.t, s.habits)
	anybody.about(s.step)
	anybody.open(s.status)
	anybody.page("public.status.title")
	if s.looks {
		anybody.shown = s.shown
		anybody.look("public-status")
		s.shown = anybody.shown
	}
	anybody.checks(s.status, strings.TrimSpace(word), file)
	if s.looks {
		anybody.shown = s.shown
		anybody.look("public-status-checked")
		s.shown = anybody.shown
	}
}

// audit lets the auditor read, compare, and take the journal away, which is then verified.
func (s *storyteller) audit() {
	a := arrive(s.t, s.habits)
	look := func(name string) {
		if s.looks {
			a.shown = s.shown
			a.look(name)
			s.shown = a.shown
		}
	}
	a.about("the auditor signs in")
	a.open("/connexion")
	a.press(".fr-connect--pro")
	a.press("button" + quoted("value", s.auditor))
	a.page("auditor.home.title")
	look("audit")
	a.about("the auditor reads the journal of the mandate")
	a.press(`main a[href="/audit/journal"]`)
	a.unfold("details:has(#field-mandat)")
	a.write("#field-mandat", filepath.Base(s.mandate))
	a.press("main form button")
	for _, action := range []string{"mandate.signed", "attestation.issued", "power.used", "mandate.ended"} {
		a.says("auditor.action." + action)
	}
	look("journal")
	a.about("the auditor mistypes")
	a.write("#field-mandat", "nobody")
	a.press("main form button")
	look("journal-mistake")
	a.about("the auditor compares")
	a.open("/audit")
	s.comparing.Lock()
	defer s.comparing.Unlock()
	a.press(`form[action="/audit/comparaison"] button`)
	a.says("auditor.compare.none")
	look("audit-compared")
	a.about("the auditor takes the journal away")
	if err := s.App.CatchUp(s.ctx); err != nil {
		a.fatalf("%v", err)
	}
	s.verify(a.download(`form[action="/audit/export"] button`))
}

// verify checks an export as a stranger would, with the policy file alone.
func (p *person) verify(export []byte) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "journal.tar")
	p.must(os.WriteFile(path, export, 0o600))
	content, closer, err := verify.OpenExport(path)
	p.must(err)
	defer func() { _ = closer.Close() }()
	if _, err := verify.Log(context.Background(), verify.Options{Policy: p.policy(), Export: content}); err != nil {
		p.fatalf("the export is not whole: %v", err)
	}
}

// policy is what anybody checks the journal with.
func (p *person) policy() *verify.Policy {
	p.t.Helper()
	text, err := os.ReadFile(p.Policy)
	p.must(err)
	policy, err := verify.ParsePolicy(text)
	p.must(err)
	return policy
}
