package demo

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"mandat/internal/mailbox"
	"mandat/internal/walk"
)

// angelasPhone is a number that is kept for works of fiction.
const angelasPhone = "+33639980011"

// answers is how somebody known agrees by SMS, or does not.
func (m *mandates) answers() []step {
	var question, used mailbox.Message
	ask := all(m.draws(chosen(sport)), m.recognised("dubois"), func() (err error) { question, err = m.asked(); return })
	reply := func(text, words string) func() error { return func() error { return m.reply(question, text, words) } }
	return []step{
		{"a number is verified with the code that its telephone gets, and with no other", all(page(m.jeanne, &m.angela, "telephone"), press(m.jeanne, "Envoyer le code", url.Values{"number": {"06 39 98 00 11"}}), m.typed)},
		{"one that serves another citizen already waits for a colleague's reason", all(page(m.jeanne, &m.odile, "telephone"), press(m.jeanne, "Envoyer le code", url.Values{"number": {"06 39 98 00 11"}}),
			says(m.jeanne, "Ce numéro sert à une autre personne"), page(m.jeanne, &m.odile, "telephone/exception"), says(m.jeanne, "Demandez à un collègue"),
			page(m.karim, &m.odile, "telephone/exception"), press(m.karim, "Autoriser ce numéro", url.Values{"reason": {"non"}}), status(m.karim, 422))},
		{"the recap and the question arrive on the telephone", ask},
		{"“oui mais…” is asked again, and signs nothing", all(reply("Oui mais…", "Nous n'avons pas compris"), m.ofDraft("recapitulatif"), says(m.jeanne, "n’est ni oui ni non"), m.notSigned)},
		{"“Oui merci.” agrees: after a word with them alone, the mandate is signed and says so", all(reply("Oui merci.", "Votre accord est noté"), m.ofDraft("recapitulatif"), func() error {
			used = question
			return all(press(m.jeanne, walk.ConfirmSignature, url.Values{"agreed": {"on"}, "understood": {"until"}, "reading": {"self"}}), status(m.jeanne, 422), says(m.jeanne, "Parlez seul avec la personne"))()
		}, m.signed(&m.mandate), says(m.jeanne, "En répondant par SMS depuis un numéro vérifié auparavant"))},
		{"an answer after the end changes nothing, and is told so", func() error { return m.reply(used, "non", "votre réponse n'a rien changé") }},
		{"a “non” counts: nothing can be signed on that draft, and nobody asks again", all(ask, reply("Non.", "Votre refus est noté"), m.ofDraft("recapitulatif"), says(m.jeanne, "La personne a répondu non."), m.notSigned,
			m.ofDraft("recapitulatif"), press(m.jeanne, "Demander de nouveau par SMS", nil), status(m.jeanne, 409), says(m.jeanne, "La personne a déjà répondu non"))},
		{"what was not signed with the gateway's key is not taken", func() error {
			box := mailbox.Box{Site: m.Config.BaseURL, Secret: strings.Repeat("x", 52)}
			got, err := box.Reply(m.ctx, question, "oui")
			if err == nil && got != http.StatusUnauthorized && got != http.StatusForbidden {
				err = fmt.Errorf("status %d", got)
			}
			return err
		}},
	}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// typed types a wrong code, then the one that arrived.
func (m *mandates) typed() error {
	sent, err := m.mail(angelasPhone, "code")
	if err != nil {
		return err
	}
	code := sixDigits.FindString(sent.Text)
	wrong := map[bool]string{true: "000000", false: "111111"}[code != "000000"]
	return all(press(m.jeanne, "Vérifier le numéro", url.Values{"code": {wrong}}), status(m.jeanne, 422), press(m.jeanne, "Vérifier le numéro", url.Values{"code": {code}}), says(m.jeanne, "Le numéro est vérifié."))()
}

// asked asks by SMS for the draft on the page, and returns the question that arrived.
func (m *mandates) asked() (mailbox.Message, error) {
	before := m.arrived()
	if err := m.jeanne.Press("par SMS", nil); err != nil {
		return mailbox.Message{}, err
	}
	recap, err := m.arrives(before, angelasPhone, "vous propose un mandat")
	if err != nil {
		return recap, err
	}
	if !strings.Contains(recap.Text, "Pass’Sport") {
		return recap, errors.New("the recap by SMS does not name the procedure")
	}
	return m.arrives(before, angelasPhone, "Répondez OUI pour accepter, NON pour refuser")
}

// reply answers a message as the citizen, and waits for what they are told.
func (m *mandates) reply(to mailbox.Message, text, words string) error {
	before := m.arrived()
	if got, err := m.Mailbox.Reply(m.ctx, to, text); err != nil || got != http.StatusNoContent {
		return errors.Join(err, fmt.Errorf("the site answers %d to the gateway", got))
	}
	_, err := m.arrives(before, angelasPhone, words)
	return err
}
