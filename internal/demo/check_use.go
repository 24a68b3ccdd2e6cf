package demo

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"mandat/internal/walk"
)

func (c *check) attestation() []step {
	return []step{
		{"the attestation is shown to print", all(func() error { return c.jeanne.Get(c.mandatePage() + "/attestation") }, func() error { return c.jeanne.Says("Angela") }, func() error { return c.jeanne.Says(c.Config.ContactPhone) }, c.findStatus)},
		{"and as PDF", func() error {
			if err := c.jeanne.Get(c.mandatePage() + "/attestation.pdf"); err != nil {
				return err
			}
			if kind := c.jeanne.Header().Get("Content-Type"); kind != "application/pdf" || !bytes.HasPrefix(c.jeanne.Body(), []byte("%PDF-")) {
				return fmt.Errorf("got %s", kind)
			}
			return nil
		}},
		{"anybody with the code sees that it stands; with the control word, what it permits and until when, and no name", func() error {
			w := c.browser()
			if err := errors.Join(w.Get(c.status), w.Says("Ce mandat est en cours.")); err != nil {
				return err
			}
			if err := errors.Join(w.Press("Vérifier", url.Values{"word": {c.word}}), w.Says("en cours jusqu")); err != nil {
				return err
			}
			if w.Has("DUBOIS") || w.Has("Tilleuls") {
				return fmt.Errorf("the public page says more: %s", w.Text())
			}
			return nil
		}},
	}
}

// findStatus reads the address beside the code on the attestation, and the control word.
func (c *check) findStatus() (err error) {
	c.status, c.word, err = c.onPaper(c.jeanne)
	if err == nil && c.word == "" {
		err = errors.New("the attestation shows no control word")
	}
	return err
}

// onPaper reads the public address on a document that a window shows, and its control word if it has one.
func (c *check) onPaper(w *walk.Walker) (status, word string, err error) {
	prefix, text := c.Config.BaseURL+"/v/", strings.ReplaceAll(w.Text(), "\u00a0", " ")
	at := strings.Index(text, prefix)
	if at < 0 {
		return "", "", errors.New("the document shows no address to check it at")
	}
	if _, after, ok := strings.Cut(text, "Mot de contrôle : "); ok {
		word = strings.Fields(after)[0]
	}
	return strings.Fields(text[at:])[0], word, nil
}

func (c *check) use() []step {
	return []step{
		{"another organisation's aidant does not find the citizen", c.notFound(c.paul, "dubois")},
		{"two letters are too few to search", all(func() error { return c.jeanne.OpenService(TaxService) },
			func() error { return c.jeanne.Press("Chercher", url.Values{"recherche": {"du"}}) }, says(c.jeanne, "trois lettres"))},
		{"only procedures within FranceConnect's perimeter are offered", all(func() error { return c.jeanne.Choose("dubois") }, func() error {
			if err := c.jeanne.Press("Continuer vers FranceConnect", url.Values{"demarche": {housing}}); err == nil {
				return errors.New("a procedure outside the perimeter could be chosen")
			}
			return nil
		})},
		{"cancelling leads back to the service, with the right error", all(func() error { return c.jeanne.Press("Annuler et revenir à FranceConnect", nil) },
			c.back, says(c.jeanne, "access_denied"))},
		{"the aidant is in: the service greets the citizen", all(func() error { return c.jeanne.Use(TaxService, "Dubois Ang", tax) }, says(c.jeanne, "Bonjour Angela Claire Louise DUBOIS"))},
		{"leaving the service comes back through Mandat", func() error { return c.jeanne.LeaveService(TaxService) }},
		{"the second service, without perimeter, is opened too", all(func() error { return c.jeanne.Use(AllowanceService, "dubois", housing) }, says(c.jeanne, "Bonjour"), func() error { return c.jeanne.LeaveService(AllowanceService) })},
		{"the mandate's page shows both uses", all(func() error { return c.jeanne.Get(c.mandatePage()) }, func() error {
			if n := strings.Count(c.jeanne.Text(), "Mandat utilisé pour"); n != 2 {
				return fmt.Errorf("%d uses: %s", n, c.jeanne.Text())
			}
			return nil
		})},
	}
}

// back presses what FranceConnect shows before it hands an error to the service.
func (c *check) back() error {
	if c.jeanne.HasButton("return=1") {
		return c.jeanne.Press("return=1", nil)
	}
	return nil
}

func (c *check) end() []step {
	return []step{
		{"a code that was issued dies with its mandate", c.dies("dubois", tax, func() error { return c.karim.End(c.mandate, "mistake") })},
		{"the ended mandate is found no more", c.notFound(c.jeanne, "dubois")},
		{"its page says that it ended, and why", all(func() error { return c.jeanne.Get(c.mandatePage()) }, func() error { return c.jeanne.Says("erreur") })},
		{"the public page says ended, like for a code that never was", func() error {
			known, unknown := c.browser(), c.browser()
			if err := errors.Join(known.Get(c.status), unknown.Get(c.Config.BaseURL+"/v/AAAAAAAAAAAAAAAAAAAAAA")); err != nil {
				return err
			}
			if known.Has("Ce mandat est en cours") || !bytes.Equal(known.Body(), unknown.Body()) {
				return errors.New("the two pages differ")
			}
			return nil
		}},
	}
}

// notFound looks for a citizen at the service without perimeter, where nobody of the name can be chosen.
func (c *check) notFound(w *walk.Walker, name string) func() error {
	return all(func() error { return w.OpenService(AllowanceService) }, press(w, "Chercher", url.Values{"recherche": {name}}), func() error {
		if w.HasButton("Choisir") {
			return fmt.Errorf("somebody called %q can be chosen", name)
		}
		return nil
	})
}

// dies has Jeanne sign in for a citizen up to where FranceConnect gets its code, ends what the code stands on, and expects the service to be told an error.
func (c *check) dies(name, procedure string, end func() error) func() error {
	return all(func() error { return c.jeanne.OpenService(TaxService) }, func() error { return c.jeanne.Choose(name) },
		func() error {
			c.jeanne.StopAt(c.Twin.FranceConnect + "/oidc-callback")
			defer c.jeanne.StopAt()
			return c.jeanne.Procedure(procedure)
		}, end, func() error {
			if !c.jeanne.Stopped() {
				return fmt.Errorf("no code was issued: %d %q", c.jeanne.Status(), c.jeanne.H1())
			}
			return c.jeanne.Get(c.jeanne.URL().String())
		}, c.back, func() error {
			if c.jeanne.Has("Bonjour") || !c.jeanne.Has("error") && !c.jeanne.Has("refus") && c.jeanne.TextByID("error") == "" {
				return fmt.Errorf("the service shows %q", c.jeanne.Text())
			}
			return nil
		})
}
