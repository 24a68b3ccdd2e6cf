package demo

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"mandat/internal/walk"
)

// complaint is what somebody writes who has to give a reason.
const complaint = "Une réclamation dit que ce mandat n’a pas été signé par la personne."

// unsealed is how an auditor learns who somebody is.
func (j *journals) unsealed() []step {
	ask := func(fields url.Values) func() error {
		return all(j.at(j.sofia, func() string { return "/audit/usagers/" + j.citizen + "/levee" }), press(j.sofia, "Envoyer la demande", fields))
	}
	levee := func(w *walk.Walker) func() error { return j.at(w, func() string { return j.levee }) }
	return []step{
		{"what a pseudonym did is there to read, and who it is takes a reason", all(j.at(j.sofia, func() string { return "/audit/usagers/" + j.citizen }), tells(j.sofia, "Mandat établi", "Mandat utilisé"),
			lacks(j.sofia, herName), ask(url.Values{"motif": {"complaint"}, "raison": {"court"}}), status(j.sofia, 422))},
		{"with one, it waits for another auditor", all(ask(url.Values{"motif": {"complaint"}, "raison": {complaint}}), tells(j.sofia, "Un autre auditeur doit décider"), func() error {
			j.levee = j.sofia.URL().Path
			return nil
		})},
		{"who asked cannot grant it, nor see anything yet", all(levee(j.sofia), j.posts(j.sofia, &j.levee, "/accord", 409), levee(j.sofia), j.posts(j.sofia, &j.levee, "/nom", 404))},
		{"the other auditor reads the reason and grants it, for an hour", all(j.open(j.alma, "/audit/levees"), tells(j.alma, "À décider par vous"), levee(j.alma), tells(j.alma, complaint),
			press(j.alma, "Accorder pour une heure", nil), tells(j.alma, "Levée accordée pour une heure"))},
		{"she who asked sees the name; she who granted it does not", all(levee(j.sofia), press(j.sofia, "Voir le nom", nil), tells(j.sofia, herGift, herName), levee(j.alma), lacks(j.alma, herName),
			j.posts(j.alma, &j.levee, "/nom", 404))},
		{"it ends before its hour, and nobody sees it any more", all(levee(j.sofia), press(j.sofia, "Terminer maintenant", nil), tells(j.sofia, "Levée terminée"), lacks(j.sofia, herName), j.posts(j.sofia, &j.levee, "/nom", 404))},
		{"the citizen's next account says that auditors saw her name, when, and on what ground", all(page(j.jeanne, &j.mandate, "compte-rendu"), tells(j.jeanne, "Qui a vu le nom de la personne", "pour ce motif : une réclamation"), lacks(j.jeanne, complaint))},
		{"the journal says it too: who asked, granted, looked and ended it", all(j.settle, j.soon(all(j.open(j.sofia, "/audit/journal?acte=unsealing"),
			tells(j.sofia, "a demandé à savoir qui", "a accordé la levée", "a vu le nom que la levée", "a mis fin à la levée"))))},
	}
}

// at opens an address that is known when the step runs.
func (j *journals) at(w *walk.Walker, path func() string) func() error {
	return func() error { return w.Get(j.Config.BaseURL + path()) }
}

// posts sends what no button on the page sends, and expects a status.
func (j *journals) posts(w *walk.Walker, path *string, act string, want int) func() error {
	return func() error {
		if err := w.Post(*path+act, nil); err != nil {
			return err
		}
		return status(w, want)()
	}
}

// inquired is how what the journal shows is looked into.
func (j *journals) inquired() []step {
	one := func(w *walk.Walker) func() error { return j.at(w, func() string { return j.inquiry }) }
	usable := func() error { return j.jeanne.Use(TaxService, herName, tax) }
	return []step{
		{"an inquiry is opened from an entry", all(j.at(j.sofia, func() string { return entryPath(j.signed) }), func() error { return j.sofia.Follow("Mettre dans un dossier") },
			press(j.sofia, "Ouvrir un dossier avec cette écriture", nil), tells(j.sofia, "Dossier ouvert"), func() error { j.inquiry = j.sofia.URL().Path; return nil })},
		{"she finds something grave, and suspends the mandate until there is a decision", all(one(j.sofia), func() error {
			return j.sofia.Press("Enregistrer le constat", url.Values{"gravite": {"grave"}, "structure": {j.organisation}, "mandat": {j.mandate.String()}, "constat": {complaint}})
		}, tells(j.sofia, "Constat enregistré"), press(j.sofia, "Suspendre maintenant", url.Values{"raison_mesure": {complaint}}), tells(j.sofia, "Suspension en vigueur"))},
		{"nobody acts with it, and its page says so", all(j.notFound(j.jeanne, herName), page(j.jeanne, &j.mandate, ""), says(j.jeanne, "Ce mandat est suspendu"))},
		{"nobody decides before the organisation has replied, and she who found it never", all(one(j.alma), tells(j.alma, "La structure peut encore répondre"), one(j.sofia), func() error {
			if j.sofia.HasButton("Décider") {
				return errors.New("who found something can decide on it")
			}
			return nil
		})},
		{"the référente reads it, and replies", all(func() error { return j.odile.SignIn("demo-odile") }, j.open(j.odile, "/referent/constats"), tells(j.odile, "Constat grave", complaint), func() error { return j.odile.Follow("Répondre") },
			press(j.odile, "Envoyer la réponse", url.Values{"reponse": {"La personne était là : la preuve de son accord est au dossier."}}), tells(j.odile, "Réponse envoyée aux auditeurs"))},
		{"the other auditor reads the reply, decides for a warning, and closes it", all(one(j.alma), tells(j.alma, "la preuve de son accord est au dossier"),
			press(j.alma, "Décider", url.Values{"decision": {"warning"}, "motifs": {complaint}}), tells(j.alma, "Décision enregistrée"), press(j.alma, "Clore le dossier", nil), tells(j.alma, "Dossier clos"))},
		{"the suspension has ended: the mandate is used again", all(j.soon(usable), says(j.jeanne, "Bonjour "+herGift), func() error { return j.jeanne.LeaveService(TaxService) })},
	}
}

var (
	alertLink = regexp.MustCompile(`href="(/audit/alertes/[0-9a-f-]{36})"`)
	counted   = regexp.MustCompile(`class="fr-tags__link" href="(/audit/journal/[0-9]+)"`)
)

// alerted is how something odd is looked at.
func (j *journals) alerted() []step {
	const refused = 5 // steps within an hour, from which on the rule says something
	return []step{
		{"the program refuses an aidant the same thing again and again", func() error {
			for range refused {
				draft, err := j.jeanne.Terms("31", tax)
				if err != nil {
					return err
				}
				if err := all(func() error { return j.jeanne.Identify(draft, "moins_18_ans") }, says(j.jeanne, "n’a pas 18 ans"))(); err != nil {
					return err
				}
			}
			return nil
		}},
		{"an alert says why, and from how many on", all(j.settle, j.soon(all(func() error { return j.App.Do(j.ctx, "look-for-anomalies") }, j.open(j.sofia, "/audit/alertes?regle=refused_steps"), j.alarmed)),
			tells(j.sofia, "Refus répétés", "étapes ont été refusées", "La règle le signale à partir de"))},
		{"and by which entries", func() error {
			links := counted.FindAllSubmatch(j.sofia.Body(), -1)
			if len(links) < refused {
				return fmt.Errorf("%d entries", len(links))
			}
			err := j.sofia.Get(j.Config.BaseURL + string(links[0][1]))
			j.note = fmt.Sprintf(": %d, the first of which says\n        %s", len(links), j.lead())
			return errors.Join(err, j.sofia.Says("refus"))
		}},
		{"an auditor closes it, with a reason: the rate of false alarms counts it", all(j.at(j.sofia, func() string { return j.alert }), press(j.sofia, "Clore", url.Values{"motif": {"mistaken"}}), status(j.sofia, 422),
			press(j.sofia, "Clore", url.Values{"motif": {"mistaken"}, "raison": {"Une démonstration : personne n’a rien tenté."}}), tells(j.sofia, "L’alerte est close."),
			j.open(j.sofia, "/audit/alertes?regle=refused_steps&etat=closes"), tells(j.sofia, "Part de fausses"))},
	}
}

// alarmed opens the alert of the list.
func (j *journals) alarmed() error {
	link := alertLink.FindSubmatch(j.sofia.Body())
	if link == nil {
		return errors.New("there is no alert")
	}
	j.alert = string(link[1])
	if err := j.sofia.Get(j.Config.BaseURL + j.alert); err != nil {
		return err
	}
	j.note = "\n        " + j.lead()
	return nil
}
