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
func (c *check) findStatus() error {
	prefix := c.Config.BaseURL + "/v/"
	at := strings.Index(c.jeanne.Text(), prefix)
	if at < 0 {
		return errors.New("the attestation shows no address to check it at")
	}
	c.status = strings.Fields(c.jeanne.Text()[at:])[0]
	_, after, ok := strings.Cut(strings.ReplaceAll(c.jeanne.Text(), "\u00a0", " "), "Mot de contrôle : ")
	if !ok {
		return errors.New("the attestation shows no control word")
	}
	c.word = strings.Fields(after)[0]
	return nil
}

func (c *check) use() []step {
	says := func(w *walk.Walker, words string) func() error { return func() error { return w.Says(words) } }
	return []step{
		{"another organisation's aidant does not find the citizen", all(func() error { return c.paul.OpenService(AllowanceService) },
			func() error { return c.paul.Press("Chercher", url.Values{"recherche": {"dubois"}}) }, func() error {
				if c.paul.HasButton("Choisir") {
					return errors.New("found")
				}
				return nil
			})},
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
		{"a code that was issued dies with its mandate", all(func() error { return c.jeanne.OpenService(TaxService) }, func() error { return c.jeanne.Choose("dubois") },
			func() error {
				c.jeanne.StopAt(c.Twin.FranceConnect + "/oidc-callback")
				return c.jeanne.Procedure(tax)
			},
			func() error { return c.karim.End(c.mandate, "mistake") },
			func() error {
				to := c.jeanne.URL().String()
				c.jeanne.StopAt()
				return c.jeanne.Get(to)
			}, c.back, func() error {
				if c.jeanne.Has("Bonjour") || !c.jeanne.Has("error") && !c.jeanne.Has("refus") && c.jeanne.TextByID("error") == "" {
					return fmt.Errorf("the service shows %q", c.jeanne.Text())
				}
				return nil
			})},
		{"the ended mandate is found no more", all(func() error { return c.jeanne.OpenService(AllowanceService) },
			func() error { return c.jeanne.Press("Chercher", url.Values{"recherche": {"dubois"}}) }, func() error {
				if c.jeanne.HasButton("Choisir") {
					return errors.New("found")
				}
				return nil
			})},
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
