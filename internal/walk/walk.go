// Package walk does with a browser what people do: sign in, draw up a mandate, use it, end it. The demonstration's check
// and the tests of the whole program walk with it; so the story is told once.
//
// Every step returns an error that says what the page was, and none asserts more than that the step led where it leads.
package walk

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/browse"
)

// Walker is one person's browser.
type Walker struct {
	*browse.Browser
	Site     string // origin of Mandat
	Under    string // what the addresses of an organisation's pages begin with, of who has several; else ""
	Service  string // origin of the public service
	Provider string // button of Mandat at FranceConnect
	person   string // button at ProConnect of who signed in last
}

// New returns a fresh browser that has been nowhere.
func New(site, service string) *Walker {
	return &Walker{Browser: browse.New(), Site: site, Service: service, Provider: "mandat"}
}

// step runs actions until one fails, and names the step.
func step(name string, actions ...func() error) error {
	for _, do := range actions {
		if err := do(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (w *Walker) open(address string) func() error { return func() error { return w.Get(address) } }

func (w *Walker) press(button string, values ...string) func() error {
	v := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		v.Add(values[i], values[i+1])
	}
	return func() error { return w.Press(button, v) }
}

// At returns an error unless the page is the one with this path.
func (w *Walker) At(want string) error {
	if got := w.URL().Path; got != want {
		return fmt.Errorf("expected %s, got %s: %d %q", want, got, w.Status(), w.H1())
	}
	return nil
}

// Says returns an error unless the page has these words.
func (w *Walker) Says(words string) error {
	if !strings.Contains(w.Text(), words) {
		text := w.Text()
		return fmt.Errorf("the page %q (%d) does not say %q: %.700s", w.H1(), w.Status(), words, text[max(strings.Index(text, w.H1()), 0):])
	}
	return nil
}

// through presses what a browser with scripts would have submitted by itself: the stand-ins' logout pages.
func (w *Walker) through() error {
	for range 5 {
		if !w.HasButton("#continue") {
			return nil
		}
		if err := w.Press("#continue", nil); err != nil {
			return err
		}
	}
	return nil
}

// ToProConnect goes from the sign-in page to ProConnect.
func (w *Walker) ToProConnect() error {
	return step("go to ProConnect", w.open(w.Site+"/connexion"), w.press("ProConnect"))
}

// SignIn signs a professional in through ProConnect, whatever comes of it.
func (w *Walker) SignIn(person string) error {
	w.person = person
	return step("sign in", w.ToProConnect, w.press("login="+person), w.through)
}

// Terms fills in the first page of a new mandate and returns the draft.
func (w *Walker) Terms(days string, procedures ...string) (uuid.UUID, error) {
	return w.Draw(url.Values{"days": {days}, "procedures": procedures})
}

// ToFranceConnect goes from a draft's identity page to FranceConnect.
func (w *Walker) ToFranceConnect(draft uuid.UUID) error {
	return step("go to FranceConnect", w.open(w.Site+w.Under+"/brouillons/"+draft.String()+"/identite"), w.press("FranceConnect"))
}

// Identify lets a citizen identify themselves for a draft, whatever comes of it.
func (w *Walker) Identify(draft uuid.UUID, citizen string) error {
	return step("identify the citizen", func() error { return w.ToFranceConnect(draft) }, w.press("login="+citizen), w.consent, w.through)
}

// consent lets FranceConnect hand over what it was asked for, or comes back when it refused.
func (w *Walker) consent() error {
	for _, button := range []string{"continue=1", "return=1"} {
		if w.HasButton(button) {
			return w.Press(button, nil)
		}
	}
	return nil
}

// ConfirmSignature is on the button that makes a mandate of what the recap shows, without a passkey.
const ConfirmSignature = "Confirmer par un code"

// Agreed is how the form of the recap on the page is filled in when all is well.
func (w *Walker) Agreed() url.Values {
	v := url.Values{"agreed": {"on"}, "understood": {"until"}, "reading": {"self"}}
	if w.ByID("field-private") != nil {
		v.Set("private", "on")
	}
	return v
}

// Sign agrees on the recap and signs, and returns the mandate.
func (w *Walker) Sign() (uuid.UUID, error) {
	if err := step("sign", func() error { return w.Press(ConfirmSignature, w.Agreed()) }); err != nil {
		return uuid.Nil, err
	}
	part := strings.Split(strings.TrimPrefix(w.URL().Path, w.Under), "/")
	if len(part) < 3 || part[1] != "mandats" {
		return uuid.Nil, fmt.Errorf("sign: came to %s: %.400s", w.URL().Path, w.Text())
	}
	return uuid.Parse(part[2])
}

// DrawUp draws up and signs a mandate of a month.
func (w *Walker) DrawUp(citizen string, procedures ...string) (uuid.UUID, error) {
	draft, err := w.Terms("31", procedures...)
	if err != nil {
		return uuid.Nil, err
	}
	if err := w.Identify(draft, citizen); err != nil {
		return uuid.Nil, err
	}
	return w.Sign()
}

// OpenService opens a public service, clicks FranceConnect and chooses Mandat, up to the search page.
func (w *Walker) OpenService(service string) error {
	return step("open the service", w.open(w.Service+"/"+service), w.press("#login-"+service), w.press("idp="+w.Provider))
}

// Choose finds the citizen by name and chooses the first result. A second factor that is asked for that citizen is given.
func (w *Walker) Choose(name string) error {
	return step("choose the citizen", w.press("Chercher", "recherche", name), func() error { return w.Press("Choisir", nil) }, w.Confirm)
}

// confirmIt is on the button of pages that first ask for the second factor.
const confirmIt = "Confirmer que c’est moi"

// Confirm gives the second factor anew, with ProConnect, on a page that asks for it; elsewhere it does nothing.
func (w *Walker) Confirm() error {
	if !w.HasButton(confirmIt) {
		return nil
	}
	return step("confirm who it is", w.press(confirmIt), w.Factor)
}

// Factor gives the second factor anew, with ProConnect, on the page that asks for it.
func (w *Walker) Factor() error {
	return step("give the second factor", w.press("ProConnect"), w.press("login="+w.person), w.through)
}

// Procedure chooses the procedure, which leads back to FranceConnect.
func (w *Walker) Procedure(key string) error {
	return step("choose the procedure", w.press("Continuer vers FranceConnect", "demarche", key))
}

// Use uses a mandate at a service, up to the greeting.
func (w *Walker) Use(service, name, procedure string) error {
	return step("use the mandate", func() error { return w.OpenService(service) }, func() error { return w.Choose(name) }, func() error { return w.Procedure(procedure) },
		w.consent, func() error { return w.At("/" + service) })
}

// LeaveService signs the citizen out of the service and FranceConnect.
func (w *Walker) LeaveService(service string) error {
	return step("leave the service", w.open(w.Service+"/"+service), w.press("logout="+service), w.through)
}

// End ends a mandate for a reason.
func (w *Walker) End(mandate uuid.UUID, reason string) error {
	return step("end the mandate", w.open(w.Site+path.Join(w.Under, "/mandats", mandate.String(), "fin")), w.Confirm, w.press("Mettre fin au mandat maintenant", "reason", reason))
}
