package walk

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"strings"

	"github.com/google/uuid"
)

// Draw fills in the first page of a new mandate with these fields, and returns the draft. That the citizen was informed and is not under protection
// is ticked.
func (w *Walker) Draw(fields url.Values) (uuid.UUID, error) {
	if err := step("enter the terms", w.open(w.Site+w.Under+"/mandats/nouveau")); err != nil {
		return uuid.Nil, err
	}
	return w.goOn("Continuer : identité de la personne", fields)
}

// Continue begins a draft with the terms as they are proposed on the page.
func (w *Walker) Continue() (uuid.UUID, error) {
	return w.goOn("Continuer : identité de la personne", nil)
}

// goOn presses the button under terms, with what is declared with the citizen ticked, and returns the draft.
func (w *Walker) goOn(button string, fields url.Values) (uuid.UUID, error) {
	values := url.Values{"informed": {"on"}, "no_protection": {"on"}}
	maps.Copy(values, fields)
	if err := step("enter the terms", func() error { return w.Press(button, values) }); err != nil {
		return uuid.Nil, err
	}
	part := strings.Split(strings.TrimPrefix(w.URL().Path, w.Under), "/")
	if len(part) != 4 || part[3] != "identite" {
		return uuid.Nil, fmt.Errorf("enter the terms: came to %s: %.400s", w.URL().Path, w.Text())
	}
	return uuid.Parse(part[2])
}

// ofDraft is the address of a page of a draft.
func (w *Walker) ofDraft(draft uuid.UUID, page string) string {
	return w.Site + path.Join(w.Under, "/brouillons", draft.String(), page)
}

// Link makes a link for the citizen's own phone, and returns its address and the number to compare as the page shows them.
func (w *Walker) Link(draft uuid.UUID) (address, number string, err error) {
	if err := step("make a link", w.open(w.ofDraft(draft, "identite")), w.press("Sur le téléphone de la personne")); err != nil {
		return "", "", err
	}
	scheme, _, _ := strings.Cut(w.Site, ":")
	return scheme + "://" + w.after("Ou adresse à taper :"), w.Number(), nil
}

// Number is the number on the page by which two screens are compared.
func (w *Walker) Number() string { return w.after("Nombre à comparer") }

// after is the word after a label.
func (w *Walker) after(label string) string {
	_, rest, _ := strings.Cut(w.Text(), label)
	word, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return word
}

// IdentifyOnPhone is the citizen who opened a link on their own phone, found the number to be the same, and goes on, whatever comes of it.
func (w *Walker) IdentifyOnPhone(citizen string) error {
	return step("identify on the phone", w.press("FranceConnect"), w.press("login="+citizen), w.consent, w.through)
}

// Read enters what stands on the citizen's document.
func (w *Walker) Read(draft uuid.UUID, document url.Values) error {
	return step("read a document", w.open(w.ofDraft(draft, "identite/piece")), func() error { return w.Press("C’est bien cette personne", document) })
}

// Recognise finds somebody known by a name and chooses the first.
func (w *Walker) Recognise(draft uuid.UUID, name string) error {
	return step("recognise somebody", w.open(w.ofDraft(draft, "identite/connue")), w.press("Chercher", "recherche", name), w.press("Je reconnais cette personne"))
}

// Attest is the second colleague, who has seen the citizen and heard them agree. A second factor that is asked for is given.
func (w *Walker) Attest(draft uuid.UUID) error {
	attest := func() error { return w.Press("Attester", url.Values{"seen": {"on"}, "heard": {"on"}}) }
	return step("attest", w.open(w.ofDraft(draft, "temoin")), attest, func() error {
		if w.URL().Path != "/connexion/confirmation" {
			return nil
		}
		return step("attest", w.Factor, attest)
	})
}

// Renew begins a draft that renews a mandate, and returns it.
func (w *Walker) Renew(mandate uuid.UUID, fields url.Values) (uuid.UUID, error) {
	if err := step("renew", w.open(w.Page(mandate, "renouvellement"))); err != nil {
		return uuid.Nil, err
	}
	return w.goOn("Continuer : identifier la personne", fields)
}

// Page is the address of a page of a mandate; "" is its own.
func (w *Walker) Page(mandate uuid.UUID, page string) string {
	return w.Site + path.Join(w.Under, "/mandats", mandate.String()) + strings.TrimSuffix("/"+page, "/")
}

// EndPower ends the one power for the procedure of a name, for a reason.
func (w *Walker) EndPower(mandate uuid.UUID, procedure, reason string) error {
	return step("end a power", w.open(w.Page(mandate, "")), func() error { return w.Follow("Arrêter cette démarche – " + procedure) }, w.Confirm, w.press("Arrêter cette démarche maintenant", "reason", reason))
}
