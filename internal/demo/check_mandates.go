package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"

	"github.com/google/uuid"

	"mandat/internal/walk"
)

// mandates is the story of what a mandate is: how the citizen is known and agrees, what is written, how it ends.
type mandates struct {
	*check
	phone   *walk.Walker // of a citizen
	link    string       // opened on it
	number  string       // that both screens show
	angela  uuid.UUID    // her mandate, given with FranceConnect
	renewal uuid.UUID    // of a part of hers
	newest  uuid.UUID    // that took the place of the rest
	odile   uuid.UUID    // Odile's, given with FranceConnect on her own phone
	low     uuid.UUID    // given by showing a document
	coming  uuid.UUID    // that begins tomorrow
	part    uuid.UUID    // of which one power ended alone
	moved   uuid.UUID    // that another organisation took over
	papers  uuid.UUID    // that is used and whose documents are looked at
}

// CheckMandates walks what a citizen grants, how they agree, what is handed over and how it ends: each way of telling who they are, the answer by SMS, the
// terms, a renewal, each end, a use and its account, the documents read by programs that nobody here wrote, and the list. What those programs are not
// installed for is said.
func (d *Demo) CheckMandates(ctx context.Context, out io.Writer) error {
	c, done, err := d.newCheck(ctx, out)
	if err != nil {
		return err
	}
	defer done()
	m := &mandates{check: c, phone: c.browser()}
	return m.walk([]chapter{{"Sign-in", m.aidants()}, {"FranceConnect", m.highest()}, {"Below FranceConnect", m.below()}, {"Agreement by SMS", m.answers()}, {"Terms", m.written()},
		{"Use and account", m.accounted()}, {"Documents", m.documents()}, {"Renewal", m.renewed()}, {"Transfer", m.transferred()}, {"Ends", m.ends()}, {"List", m.listed()},
		{"Audit", m.audited(&m.papers, []string{"Mandat établi", "Mandat utilisé", "Mandat terminé", "Attestation délivrée"}, "DUBOIS", "Angela", "PERRIN", "Zoé", formula)},
		{"Time", m.expired()}})
}

// draws lets Jeanne begin a draft with these fields.
func (m *mandates) draws(fields url.Values) func() error {
	return func() (err error) { m.draft, err = m.jeanne.Draw(fields); return }
}

// chosen are the fields of a mandate of a month.
func chosen(procedures ...string) url.Values {
	return url.Values{"days": {"31"}, "procedures": procedures}
}

// signed lets Jeanne sign what is on the recap.
func (m *mandates) signed(into *uuid.UUID) func() error {
	return func() (err error) { *into, err = m.jeanne.Sign(); return }
}

// identified lets a citizen tell with FranceConnect who they are, up to the recap.
func (m *mandates) identified(citizen string) func() error {
	return all(func() error { return m.jeanne.Identify(m.draft, citizen) }, m.atDraft("recapitulatif"))
}

func (m *mandates) atDraft(page string) func() error {
	return func() error { return m.jeanne.At("/brouillons/" + m.draft.String() + "/" + page) }
}

// ofDraft opens a page of the draft.
func (m *mandates) ofDraft(page string) func() error {
	return func() error { return m.jeanne.Get(m.Config.BaseURL + "/brouillons/" + m.draft.String() + "/" + page) }
}

// recapText is the recap in French on the page, of which the form that signs tells the hash.
var recapText = regexp.MustCompile(`(?s)id="recap-text" lang="fr"[^>]*>(.*?)</div>\s*<p data-aloud`)

// notSigned expects a recap that offers nothing to sign with, and that signing all the same is refused.
func (m *mandates) notSigned() error {
	if m.jeanne.HasButton(walk.ConfirmSignature) {
		return errors.New("the recap can be signed")
	}
	text := recapText.FindSubmatch(m.jeanne.Body())
	if text == nil {
		return fmt.Errorf("the page %q has no recap", m.jeanne.H1())
	}
	const identified = "2" // the version of a draft whose citizen was identified once
	sent := url.Values{"agreed": {"on"}, "understood": {"until"}, "reading": {"self"}, "private": {"on"}, "version": {identified}, "shown": {hash(text[1])}, "langue": {"fr"}, "forme": {"plain"}}
	return all(func() error { return m.jeanne.Post("/brouillons/"+m.draft.String()+"/signature", sent) }, status(m.jeanne, 409),
		says(m.jeanne, "La preuve de l’accord de la personne manque encore"))()
}

// tells expects all of these words on a page.
func tells(w *walk.Walker, words ...string) func() error {
	return func() error {
		for _, words := range words {
			if err := w.Says(words); err != nil {
				return err
			}
		}
		return nil
	}
}

// lacks expects none of these words on a page.
func lacks(w *walk.Walker, words ...string) func() error {
	return func() error {
		for _, words := range words {
			if w.Has(words) {
				return fmt.Errorf("the page %q says %q", w.H1(), words)
			}
		}
		return nil
	}
}

// page opens a page of a mandate, which may not be known yet when the step is made.
func page(w *walk.Walker, mandate *uuid.UUID, name string) func() error {
	return func() error { return w.Get(w.Page(*mandate, name)) }
}
