package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"mandat/internal/org"
)

// looksInto opens an inquiry from the entry, writes a note, and finds something grave: nobody acts with the mandate any more.
func (c *control) looksInto() {
	c.about("open an inquiry from the entry")
	c.open("/audit/dossiers")
	c.look("cases")
	c.open(c.entry)
	c.keyTo(`main a[href^="/audit/dossiers?rang="]`)
	c.enter()
	c.page("cases.list.title")
	c.look("cases-from-entry")
	c.reaches()
	c.press(`main form[action="/audit/dossiers"] button`)
	c.says("cases.done.open")
	c.inquiry = c.path()
	c.look("case-open")
	c.reaches()
	c.about("write a note")
	c.press(`form[action$="/notes"] button`)
	c.says("cases.wrong.words")
	c.look("case-note-missing")
	c.write("#field-note", "Le mandat est utilisé une minute après sa signature.")
	c.press(`form[action$="/notes"] button`)
	c.says("cases.done.note")
	c.about("find something")
	c.unfold(`details:has(form[action$="/constats"])`)
	c.press(`form[action$="/constats"] button`)
	c.says("cases.wrong.gravity")
	c.look("case-finding-mistakes")
	c.unfold(`details:has(form[action$="/constats"])`)
	c.choice("#field-gravite", "grave")
	c.choice("#field-structure", c.there)
	c.choice("#field-personne", c.aidants[0])
	c.choice("#field-mandat", c.mandate)
	c.write("#field-constat", "La structure n’explique pas pourquoi le mandat a été utilisé aussitôt.")
	c.press(`form[action$="/constats"] button`)
	c.says("cases.done.found")
	c.says("cases.decision.waits")
	c.look("case-found")
	c.about("suspend the mandate at once")
	c.unfold(`details:has(form[action$="/mesures"])`)
	c.choice("#field-mesure", opened(c, "#field-mesure option[value$=' mandate']"))
	c.write("#field-raison_mesure", "Le mandat peut servir encore aujourd’hui.")
	c.press(`form[action$="/mesures"] button`)
	c.says("cases.done.suspended")
	c.unfold("details:has(#field-levee)")
	c.look("case-suspended")
}

// opened is the value of an option.
func opened(c *control, option string) string {
	c.t.Helper()
	return ask[string](c.person, `document.querySelector(%q).value`, option)
}

// isAnswered lets a referent of the organisation read what was found, and reply.
func (c *control) isAnswered() {
	r := c.referent
	sub, email := r.enlist("controlee-"+c.lang, org.RoleReferent)
	r.signInAs(sub)
	r.page("referent.home.title")
	r.about("reply to what auditors found")
	r.keyTo(`main a[href$="/referent/constats"]`)
	r.enter()
	r.page("cases.there.title")
	r.look("findings")
	r.reaches()
	r.press(`main a[href^="/referent/constats/"]`)
	r.page("cases.there.one")
	r.look("finding")
	r.keyTo("main form button[type=submit]")
	r.enter()
	r.refusal(422, "cases.there.one")
	r.look("finding-mistakes")
	r.write("#field-reponse", "L’usager était au guichet : la déclaration devait partir le jour même.")
	r.press("main form button[type=submit]")
	r.says("cases.there.done")
	r.look("findings-replied")
	if strings.Contains(r.read("main"), email) {
		r.fatalf("the page names the referent")
	}
	a := arrive(c.t, habits{lang: c.lang, album: "audit-aidant"})
	a.signInAs("recit-suivie-" + c.lang)
	a.about("see the mandate that is suspended")
	a.open("/mandats/" + c.mandate)
	a.says("cases.suspended.title")
	a.look("mandate-suspended")
}

// isDecided lets the second auditor decide on what the first one found, who may not.
func (c *control) isDecided() {
	c.about("read the reply")
	c.open(c.inquiry)
	c.says("cases.decision.another")
	c.look("case-replied")
	s := c.second
	s.about("decide")
	s.press(`nav a[href="/audit/dossiers"]`)
	s.look("cases")
	s.press(`main a[href="` + c.inquiry + `"]`)
	s.reaches()
	s.press(`form[action$="/decision"] button`)
	s.says("cases.wrong.outcome")
	s.look("case-decision-mistakes")
	s.jumpTo(`#errors a[href="#field-decision"]`)
	s.choose(`input[name=suspendre][value$=" mandate"]`)
	s.tick("input[name=decision][value=suspension]")
	s.write("#field-motifs", "La réponse n’explique pas l’absence de l’usager sur les écritures.")
	s.press(`form[action$="/decision"] button`)
	s.says("cases.done.decided")
	s.look("case-decided")
	s.about("close it")
	s.press(`form[action$="/cloture"] button`)
	s.says("cases.done.closed")
	s.unfold(`details:has(form[action$="/reouverture"])`)
	s.look("case-closed")
	r := c.referent
	r.about("read the decision")
	r.open("/referent/constats")
	r.says("cases.outcome.suspension")
	r.look("findings-decided")
	c.isReported()
}

// isReported takes sealed reports away: an auditor of the whole, a referent of what concerns their organisation; and finds which report a paper is.
func (c *control) isReported() {
	if file := c.referent.download(`form[action$="/rapport"] button`); !bytes.HasPrefix(file, []byte("%PDF-")) {
		c.fatalf("the referent's report begins %q", file[:min(len(file), 8)])
	}
	s := c.second
	s.about("report it")
	s.press(`main a[href="/audit/dossiers"]`)
	s.press(`main a[href="/audit/dossiers/rapports"]`)
	s.page("cases.report.find")
	s.look("reports")
	s.press(`main form[method=get] button`)
	s.refusal(422, "cases.report.find")
	s.look("reports-mistakes")
	s.open(c.inquiry)
	file := s.download(`form[action$="/rapport"] button`)
	s.open(c.inquiry)
	s.look("case-reported")
	for sum, says := range map[string]string{fmt.Sprintf("%x", sha256.Sum256(file)): "cases.report.ours", strings.Repeat("0", 64): "cases.report.not_ours"} {
		s.open("/audit/dossiers/rapports")
		s.write("#field-empreinte", sum)
		s.press(`main form[method=get] button`)
		s.look("reports-asked")
		if words, _, _ := strings.Cut(s.text(says, "At", "|"), "|"); !strings.Contains(s.read("main [role=status]"), strings.TrimSpace(words)) {
			s.fatalf("of %s the page says %q", sum, s.read("main [role=status]"))
		}
	}
}

// alert is the page of what a rule found about somebody.
func (c *control) alert(who string) string {
	c.t.Helper()
	id := ""
	c.until("alert", func() bool {
		time.Sleep(100 * time.Millisecond)
		id = row[string](c.person, `select coalesce(max(id::text), '') from anomaly_alert where rule = 'refused_steps' and person_id = $1`, who)
		return id != ""
	})
	return "/audit/alertes/" + id
}

// isAlerted closes what a rule found of one aidant, and takes what it found of the other into a case.
func (c *control) isAlerted() {
	one, other := c.alert(c.aidants[0]), c.alert(c.aidants[1])
	c.about("close an alert")
	c.press(`nav a[href="/audit/alertes"]`)
	c.page("alerts.list.title")
	c.look("alerts")
	c.reaches()
	c.choice("#field-regle", "refused_steps")
	c.press(`main form[action="/audit/alertes"] button`)
	c.keyTo(`#alerts a[href="` + other + `"]`)
	c.enter()
	c.look("alert")
	c.reaches()
	c.keyTo(`main form:has(#field-raison) button`)
	c.enter()
	c.refusal(422, "alerts.one.title", "Rule", c.text("alerts.rule.refused_steps"))
	c.look("alert-mistakes")
	c.choice("#field-motif", "mistaken")
	c.write("#field-raison", "Une formation, le jour même.")
	c.press(`main form:has(#field-raison) button`)
	c.says("alerts.one.was_closed")
	c.look("alert-closed")
	c.about("open an inquiry from one of the alert's entries, and take it in")
	c.open(one)
	c.press("#entries a")
	c.press(`main a[href^="/audit/dossiers?rang="]`)
	c.press(`main form[action="/audit/dossiers"] button`)
	mine := c.path()
	c.open(one)
	c.choice("#field-dossier", strings.TrimPrefix(mine, "/audit/dossiers/"))
	c.look("alert-to-take")
	c.press(`main form:has(#field-dossier) button`)
	c.says("alerts.one.was_taken")
	c.look("alert-taken")
	c.open("/audit/alertes?etat=closes&regle=refused_steps")
	c.look("alerts-closed")
}

// tries tries another threshold on what was, at first one that is out of bounds, and puts it in force.
func (c *control) tries() {
	c.about("try a rule")
	c.open("/audit/alertes")
	c.press(`main a[href="/audit/regles"]`)
	c.page("alerts.rules.title")
	c.look("rules")
	c.reaches()
	c.press(`#rules a[href="/audit/regles/` + c.rule + `"]`)
	c.page("alerts.rule." + c.rule)
	c.look("rule")
	c.reaches()
	field := "#" + ask[string](c.person, `document.querySelector("main input[inputmode=numeric]").id`)
	before := ask[string](c.person, `document.querySelector(%q).value`, field)
	c.write(field, "0")
	c.press(`button[formaction$="/essai"]`)
	c.refusal(422, "alerts.rule."+c.rule)
	c.look("rule-mistakes")
	c.write(field, before+"0")
	c.choice("#field-du", today())
	c.choice("#field-au", today())
	c.press(`button[formaction$="/essai"]`)
	c.look("rule-trying")
	c.until("result", func() bool {
		time.Sleep(100 * time.Millisecond)
		return row[int](c.person, `select count(*)::int from anomaly_trial where rule = $1 and state = 'done'`, c.rule) > 0
	})
	c.about("put it in force")
	c.open("/audit/regles/" + c.rule)
	c.look("rule-tried")
	c.write(field, before+"0")
	c.press(`main form button:not([formaction])`)
	c.says("alerts.rules.was_changed")
	c.look("rule-changed")
}
