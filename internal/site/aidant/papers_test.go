package aidant

import (
	"net/http"
	"strings"
	"testing"

	"mandat/internal/attestation"
	"mandat/internal/fixture"
	"mandat/internal/page"
	"mandat/internal/session"
)

func words(t *testing.T) ([]attestation.Block, attestation.Code) {
	t.Helper()
	code, err := attestation.NewCode("http://localhost:8080/v/AAAAAAAAAAAAAAAAAAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	return []attestation.Block{{Kind: attestation.Heading, Level: 1, Text: "Attestation de mandat"}, {Kind: attestation.Paragraph, Text: "Ce document est à vous."},
		{Kind: attestation.Heading, Level: 2, Text: "Qui donne pouvoir à qui"}, {Kind: attestation.Facts, Rows: [][2]string{{"Vous", angela.FullName()}, {"Par téléphone", "un\ndeux"}}},
		{Kind: attestation.List, Items: []string{"Déclaration de revenus (DGFiP)", "RSA (CAF)"}},
		{Kind: attestation.QR, Text: code.Address, Alt: "Code QR", Items: []string{"Lisez ce code."}, Word: "Mot de contrôle : lune-pomme-sapin-tasse"},
		{Kind: attestation.Note, Text: "Document établi le 21 novembre 2026."}}, code
}

// paper is the page of a document, changed.
func paper(t *testing.T, change func(*attestationPage)) func() page.Page {
	t.Helper()
	blocks, code := words(t)
	return func() page.Page {
		p := &attestationPage{Common: page.Common{Title: "aidant.attestation.title", Trail: []page.Link{home}}, Mandate: someMandate(angela), Standing: true, Kind: attestation.Given, Path: "/mandats/x/attestation",
			Words: blocks, Code: code, Translations: attestation.Translations()}
		if change != nil {
			change(p)
		}
		return p
	}
}

func asCertificate(p *attestationPage) {
	p.Standing, p.EndedAt, p.Kind, p.Title, p.Path = false, signedAt, attestation.Ended, "aidant.paper.end.title", "/mandats/x/attestation-de-fin"
}

func translated(tag string, rightToLeft, pairs bool) func(*attestationPage) {
	return func(p *attestationPage) {
		p.Into, p.After = attestation.Translation{Tag: tag, Name: tag, RightToLeft: rightToLeft, Notice: [2]string{"Non relue.", "Not checked."}}, p.Words
		p.Read, p.Translations = p.Translations[0], p.Translations[1:]
		if pairs {
			p.Pairs, _ = attestation.Beside(p.Words, p.Words)
			p.After = nil
		}
	}
}

func TestPapers_OfAMandate(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b := c.jeanne(t)
	path := "/mandats/" + m.ID.String()
	b.Want(b.Get(path), 200, path+"/attestation?taille=grande")
	b.Want(b.Get(path+"/attestation"), 200, "Mot de contrôle", path+"/attestation.pdf", path+"/attestation?taille=grande", path+"/attestation?traduction=en")
	b.Want(b.Get(path+"/attestation?taille=grande"), 200, "fr-sheet--large", path+"/attestation.pdf?taille=grande")
	both := b.Want(b.Get(path+"/attestation?traduction=en"), 200, "Attestation of mandate", `lang="en" dir="ltr"`, "Le document scellé est en français")
	if !strings.Contains(both.Body, "Attestation de mandat") || strings.Count(both.Body, "<svg class=\"fr-qr") != 1 {
		t.Error("the French words are not beside the translated ones, or the code stands there twice")
	}
	b.Want(b.Get(path+"/attestation?traduction=de"), 200, "Attestation de mandat")
	normal, large := b.Get(path+"/attestation.pdf"), b.Get(path+"/attestation.pdf?taille=grande")
	if large.Status != http.StatusOK || !strings.HasPrefix(large.Body, "%PDF-") || large.Body == normal.Body || large.Body != b.Get(path+"/attestation.pdf?taille=grande").Body {
		t.Errorf("large print: %d, like normal print: %v", large.Status, large.Body == normal.Body)
	}
	if d := large.Header.Get("Content-Disposition"); d != `attachment; filename="attestation-mandat-gros-caracteres.pdf"` {
		t.Errorf("file name %q", d)
	}
}

func TestPapers_OfTheEnd(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b := c.jeanne(t)
	path := "/mandats/" + m.ID.String()
	for _, early := range []string{"/attestation-de-fin", "/attestation-de-fin.pdf"} {
		b.Want(b.Get(path+early), 409, "Ce mandat n’a pas pris fin")
	}
	if strings.Contains(b.Get(path).Body, "attestation-de-fin") {
		t.Error("the page of a mandate that stands leads to its certificate of end")
	}
	b.Want(b.Post(path+"/fin", "reason", "citizen"), 303)
	b.Want(b.Get(path+"/fin"), 200, path+"/attestation-de-fin")
	b.Want(b.Get(path), 200, path+"/attestation-de-fin")
	b.Want(b.Get(path+"/attestation-de-fin"), 200, "La personne l’a demandé.", "Plus rien ne peut être fait avec lui")
	b.Want(b.Get(path+"/attestation-de-fin?taille=grande"), 200, "fr-sheet--large")
	b.Want(b.Get(path+"/attestation-de-fin?traduction=en"), 200, "The person asked for it.")
	for file, name := range map[string]string{"/attestation-de-fin.pdf": "attestation-fin-de-mandat.pdf", "/attestation-de-fin.pdf?taille=grande": "attestation-fin-de-mandat-gros-caracteres.pdf", "/compte-rendu.pdf": "compte-rendu-mandat.pdf"} {
		a := b.Get(path + file)
		if a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "%PDF-") || a.Header.Get("Content-Disposition") != `attachment; filename="`+name+`"` || a.Body != b.Get(path+file).Body {
			t.Errorf("%s: %d %s", file, a.Status, a.Header.Get("Content-Disposition"))
		}
	}
	b.Want(b.Get(path), 200, "Attestation de fin établie", "Compte rendu établi")
}

// Who may not read the mandate gets none of its papers, in no size.
func TestPapers_AreNobodyElses(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	other := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	for _, paper := range []string{"/attestation?taille=grande", "/attestation?traduction=en", "/attestation.pdf?taille=grande", "/attestation-de-fin", "/attestation-de-fin.pdf", "/compte-rendu.pdf"} {
		if a := other.Want(other.Get("/mandats/"+m.ID.String()+paper), 404); strings.Contains(a.Body, "DUBOIS") {
			t.Errorf("%s shows another organisation's citizen", paper)
		}
	}
}
