package aidant

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"mandat/internal/attestation"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/pdf"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// mountPapers adds the documents of a mandate: each as a page to print and as the sealed PDF. The query says taille=grande for large print; on
// the page, traduction=ar reads it in that language beside the French.
func (s *Site) mountPapers(r *page.Router) {
	r.Get("/mandats/{mandate}/attestation", page.Aidant, s.showAttestation)
	r.Get("/mandats/{mandate}/attestation.pdf", page.Aidant, s.sendAttestation)
	r.Get("/mandats/{mandate}/attestation-de-fin", page.Aidant, s.showCertificate)
	r.Get("/mandats/{mandate}/attestation-de-fin.pdf", page.Aidant, s.sendCertificate)
	r.Get("/mandats/{mandate}/compte-rendu.pdf", page.Aidant, s.sendReport)
}

// paperPath is where a document is shown, without what the query says of it.
var paperPath = map[attestation.Kind]string{attestation.Given: "/attestation", attestation.Ended: "/attestation-de-fin"}

// fileName is under which name a PDF is kept.
var fileName = map[attestation.Kind]string{attestation.Given: "attestation-mandat", attestation.Ended: "attestation-fin-de-mandat", attestation.Report: "compte-rendu-mandat"}

type attestationPage struct {
	page.Common
	Mandate  mandate.Mandate
	Standing bool
	EndedAt  time.Time
	Kind     attestation.Kind
	Path     string // of this page, without its query
	Large    bool
	Words    []attestation.Block // what the PDF says
	Code     attestation.Code    // leads to the public status page

	Read         attestation.Translation   // in which the citizen read the recap; "" for French
	Translations []attestation.Translation // the others
	Into         attestation.Translation   // "" without one
	Pairs        [][2]attestation.Block    // the French words beside the translated ones
	After        []attestation.Block       // the translated words when they do not pair
}

// size is the size of print that the query asks for.
func size(r *http.Request) attestation.Size {
	if r.URL.Query().Get("taille") == "grande" {
		return attestation.Large
	}
	return attestation.Normal
}

func (s *Site) showAttestation(w http.ResponseWriter, r *http.Request) error {
	return s.showPaper(w, r, attestation.Given)
}

func (s *Site) showCertificate(w http.ResponseWriter, r *http.Request) error {
	return s.showPaper(w, r, attestation.Ended)
}

// showPaper shows a document to print. The first time, it is issued.
func (s *Site) showPaper(w http.ResponseWriter, r *http.Request, kind attestation.Kind) error {
	m, at, err := s.mandate(r, mandate.PageAttestation)
	if err != nil {
		return err
	}
	now, above := s.Clock.Now(), "/mandats/"+m.ID.String()
	p := &attestationPage{Common: page.Common{Title: "aidant.attestation.title", Current: "/espace", Trail: []page.Link{home, {Href: above, Text: "aidant.mandate.title"}}, KeepQuery: []string{"taille", "traduction"}},
		Mandate: m, Standing: m.StandsAt(now), Kind: kind, Path: above + paperPath[kind], Large: size(r) == attestation.Large}
	p.Read, p.Translations = translations(m)
	if kind == attestation.Ended {
		p.Title = "aidant.paper.end.title"
	}
	p.EndedAt, _ = ending(m, now)
	document, err := s.words(r, at, p)
	if err != nil {
		return unprintable(err, m.ID)
	}
	if p.Code, err = attestation.NewCode(document.StatusURL); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "aidant/attestation.html", p)
}

// translations are the languages in which a mandate's papers can be read beside the French: first that in which the citizen read the recap, then the others.
func translations(m mandate.Mandate) (read attestation.Translation, others []attestation.Translation) {
	for _, t := range attestation.Translations() {
		if m.Terms.Agreement != nil && m.Terms.Agreement.Lang == t.Tag {
			read = t
		} else {
			others = append(others, t)
		}
	}
	return read, others
}

// words issues the document of a page, and reads what it says.
func (s *Site) words(r *http.Request, at *session.Session, p *attestationPage) (attestation.Document, error) {
	sheet := attestation.Sheet{Mandate: p.Mandate.ID, Kind: p.Kind, Size: size(r), Lang: page.Lang(r)}
	into, err := attestation.FindTranslation(r.URL.Query().Get("traduction"))
	if err != nil {
		document, err := s.Press.Issue(r.Context(), at.Actor(), sheet, mandate.PageAttestation)
		p.Words = document.Words
		return document, err
	}
	document, translated, err := s.Press.Translate(r.Context(), at.Actor(), sheet, into, mandate.PageAttestation)
	p.Into, p.Words, p.After = into, document.Words, translated
	if pairs, ok := attestation.Beside(document.Words, translated); ok {
		p.Pairs, p.After = pairs, nil
	}
	return document, err
}

func (s *Site) sendAttestation(w http.ResponseWriter, r *http.Request) error {
	return s.sendPaper(w, r, attestation.Given)
}

func (s *Site) sendCertificate(w http.ResponseWriter, r *http.Request) error {
	return s.sendPaper(w, r, attestation.Ended)
}

// sendPaper sends the kept bytes of the sealed PDF.
func (s *Site) sendPaper(w http.ResponseWriter, r *http.Request, kind attestation.Kind) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	document, err := s.Press.Issue(r.Context(), at.Actor(), attestation.Sheet{Mandate: id, Kind: kind, Size: size(r), Lang: page.Lang(r)}, mandate.PageDocument)
	return sendDocument(w, document, id, err)
}

// sendReport sends the account of what was done, as it is now.
func (s *Site) sendReport(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	report, err := s.Reports.Compose(r.Context(), at.Actor(), id, page.Lang(r))
	if err != nil {
		return refusal(err)
	}
	document, err := s.Press.Report(r.Context(), at.Actor(), attestation.Sheet{Mandate: id, Size: size(r), Lang: page.Lang(r)}, mandate.PageDocument, report.Title, report.Body)
	return sendDocument(w, document, id, err)
}

func sendDocument(w http.ResponseWriter, d attestation.Document, id uuid.UUID, err error) error {
	if err != nil {
		return unprintable(err, id)
	}
	name := fileName[d.Kind]
	if d.Size == attestation.Large {
		name += "-gros-caracteres"
	}
	page.SendPDF(w, name+".pdf", d.Bytes)
	return nil
}

// unprintable explains what cannot be had: a document with a letter that its font lacks, without which the mandate stands; and the certificate
// of end of a mandate that stands.
func unprintable(err error, id uuid.UUID) error {
	if _, ok := errors.AsType[*pdf.UnprintableError](err); ok {
		return page.NewProblem(http.StatusUnprocessableEntity, "aidant.problem.unprintable", "/mandats/"+id.String())
	}
	if errors.Is(err, attestation.ErrStands) {
		return page.NewProblem(http.StatusConflict, "aidant.problem.not_ended", "/mandats/"+id.String())
	}
	return refusal(err)
}
