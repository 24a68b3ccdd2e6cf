package demo

import (
	"errors"
	"fmt"
	"net/url"
)

// Procedures by what has to be known of the citizen.
const (
	birth = "papiers-etat-civil" // a document seen by two will do
	sport = "loisirs-pass-sport" // being known to the organisation will do
)

// formula is a name that a spreadsheet program would take for a formula.
const formula = "=SOMME(A1;A9)"

// highest is the first rung: FranceConnect, here and on the citizen's own phone.
func (m *mandates) highest() []step {
	return []step{
		{"on this screen: the recap and the mandate say that FranceConnect told who it is", all(m.draws(chosen(tax, housing)), m.identified("test"),
			tells(m.jeanne, "DUBOIS", "Identité donnée par FranceConnect."), m.signed(&m.angela),
			tells(m.jeanne, "En s’identifiant elle-même avec FranceConnect pour ce mandat", "confirmé par code, ce qui n’est pas une signature"))},
		{"a link for the citizen's own phone is good for nobody who is signed in here", all(m.draws(chosen(tax)), m.linked,
			func() error { return m.jeanne.Get(m.link) }, says(m.jeanne, "Ce lien est pour le téléphone de la personne"))},
		{"on their phone, which has other cookies, the citizen finds the number of the aidant's screen", all(func() error { return m.phone.Get(m.link) },
			says(m.phone, organisations[0].Name), func() error {
				if got := m.phone.Number(); got == "" || got != m.number {
					return fmt.Errorf("the phone shows the number %q, the aidant's screen %q", got, m.number)
				}
				return nil
			})},
		{"they identify themselves there, and the link is good for no second phone", all(func() error { return m.phone.IdentifyOnPhone("nom_composé") }, says(m.phone, "C’est fait"), func() error {
			second := m.browser()
			return all(func() error { return second.Get(m.link) }, status(second, 410))()
		})},
		{"the aidant's screen goes on with who it was, and the mandate is signed", all(m.ofDraft("identite/telephone"), m.atDraft("recapitulatif"), says(m.jeanne, "LEFORT-GARNIER"), m.signed(&m.odile))},
		{"a citizen who finds another number stops there, and the aidant is told", all(m.draws(chosen(tax)), m.linked, func() error { return m.phone.Get(m.link) },
			press(m.phone, "Arrêter : ce lien n’est pas pour moi", nil), m.ofDraft("identite/telephone"), says(m.jeanne, "Le nombre n’était pas le même"))},
	}
}

// linked makes a link for the draft.
func (m *mandates) linked() (err error) {
	m.link, m.number, err = m.jeanne.Link(m.draft)
	return err
}

// below are the rungs below FranceConnect.
func (m *mandates) below() []step {
	document := url.Values{"document": {"passport"}, "family_name": {formula}, "given_name": {"Zoé"}, "birth_day": {"29"}, "birth_month": {"2"}, "birth_year": {"1960"}, "born_town": {"Limoges"}}
	colleague := func() error { return m.karim.Attest(m.draft) }
	return []step{
		{"a procedure that needs FranceConnect is named, and neither a document nor being known gets any further", all(m.draws(chosen(tax, birth)),
			tells(m.jeanne, "Pas possible pour ce mandat : ces démarches demandent une identification plus sûre", "Déclaration de revenus"),
			m.ofDraft("identite/piece"), m.atDraft("identite"), m.ofDraft("identite/connue"), m.atDraft("identite"),
			func() error { return m.jeanne.Post("/brouillons/"+m.draft.String()+"/identite/piece", document) }, m.atDraft("identite"))},
		{"a document that one aidant has seen is not enough", all(m.draws(chosen(birth)), func() error { return m.jeanne.Read(m.draft, document) },
			m.atDraft("recapitulatif"), says(m.jeanne, "Il manque l’attestation d’un collègue"), m.notSigned)},
		{"who has the draft cannot be the second colleague", all(func() error {
			return m.jeanne.Post("/brouillons/"+m.draft.String()+"/temoin", url.Values{"seen": {"on"}, "heard": {"on"}})
		},
			status(m.jeanne, 409), says(m.jeanne, "Ce ne peut pas être vous"))},
		{"a colleague whose factor is old gives their own anew, in their own session, and attests", all(m.later("karim.haddad@tilleuls.exemple.invalid"),
			func() error { return m.karim.Get(m.Config.BaseURL + "/brouillons/" + m.draft.String() + "/temoin") },
			func() error { return m.karim.Press("Attester", url.Values{"seen": {"on"}, "heard": {"on"}}) }, at(m.karim, "/connexion/confirmation"), m.karim.Factor, colleague,
			says(m.karim, "Votre attestation est enregistrée"))},
		{"then it is signed, and says who saw the document", all(m.ofDraft("recapitulatif"), says(m.jeanne, "Attestée par Karim Haddad"), m.signed(&m.low),
			tells(m.jeanne, "L’aidant et un second collègue, qui ont vu un document d’identité", "avec Karim Haddad"))},
		{"what was agreed so opens nothing at FranceConnect", m.notFound(m.jeanne, "zoé")},
		{"being known is too low for what needs a document", all(m.draws(chosen(birth)), m.ofDraft("identite/connue"), m.atDraft("identite"), says(m.jeanne, "Pas possible pour ce mandat"))},
		{"somebody known, recognised by the aidant alone, is not enough", all(m.draws(chosen(sport)), m.recognised("zoé"), says(m.jeanne, "Il manque une preuve de l’accord"), m.notSigned)},
		{"with a colleague's word it is, once the aidant has spoken with them alone", all(colleague, m.ofDraft("recapitulatif"), func() error {
			if m.jeanne.ByID("field-private") == nil {
				return errors.New("the recap does not ask for a moment alone with somebody who was here a moment ago")
			}
			return nil
		}, m.signed(&m.mandate), tells(m.jeanne, "La structure, qui connaît déjà cette personne", "Devant un second collègue"))},
	}
}

// recognised has Jeanne recognise somebody the organisation knows.
func (m *mandates) recognised(name string) func() error {
	return all(func() error { return m.jeanne.Recognise(m.draft, name) }, m.atDraft("recapitulatif"))
}
