package e2e

import (
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/demo"
	"mandat/internal/journal"
	"mandat/internal/journal/verify"
	"mandat/internal/org"
	"mandat/internal/prose"
	"mandat/internal/walk"
)

// control is the story of two auditors, and of what they look at.
type control struct {
	*person                 // the auditor who looks first
	second, referent        *person
	aidants                 [2]string // ids: of who is looked into, and of who was only clumsy
	mandate, citizen, there string    // ids
	name, login             string    // of the citizen; no login is an identity of their own
	rule                    string    // that is tried and changed
	entry, inquiry          string    // paths of pages
}

// TestAudit: two auditors find what was done for a citizen, prove it, learn who the citizen is, look into it with the organisation's reply, decide, and take what
// the rules found: one of them reads and asks, the other grants and decides.
func TestAudit(t *testing.T) {
	t.Parallel()
	for lang, c := range map[string]*control{
		"fr": {name: "PERRIN", login: "prénom_composé", rule: "refused_steps"},
		"en": {name: "LORIOT", rule: "same_device"},
	} {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			c.person = arrive(t, habits{lang: lang, album: "audit"})
			if c.login == "" {
				c.login = c.born("Armande", c.name)
			}
			c.happens(c.login)
			for _, chapter := range []func(){c.comesIn, c.searches, c.readsOne, c.follows, c.learnsTheName, c.looksInto, c.isAnswered, c.isDecided, c.isAlerted, c.tries, c.takesAPart} {
				chapter()
			}
		})
	}
}

// happens is what the auditors find: a mandate that was used, and steps that were refused to two aidants.
func (c *control) happens(citizen string) {
	var walkers [2]*walk.Walker
	for i, name := range []string{"suivie-", "maladroite-"} {
		sub, email := c.enlist(name+c.lang, org.RoleAidant)
		c.aidants[i] = c.known(email)
		c.qualifies(c.aidants[i])
		walkers[i] = walk.New(c.Config.BaseURL, c.Twin.Service)
		c.must(walkers[i].SignIn(sub))
		for range 5 {
			draft, err := walkers[i].Terms("1", tax)
			c.must(err)
			c.must(walkers[i].Identify(draft, "moins_18_ans"))
		}
	}
	id, err := walkers[0].DrawUp(citizen, tax, housing)
	c.must(err)
	c.must(walkers[0].Use(demo.TaxService, c.name, tax))
	c.mandate = id.String()
	c.citizen = row[string](c.person, `select citizen_id::text from mandate where id = $1`, id)
	c.there = row[string](c.person, `select organisation_id::text from mandate where id = $1`, id)
	c.watches()
	c.referent = arrive(c.t, habits{lang: c.lang, album: "audit-referent"})
	c.second = arrive(c.t, habits{lang: c.lang, album: "audit-second"})
}

// qualifies gives somebody a certificate.
func (p *person) qualifies(who string) {
	p.t.Helper()
	tested := time.Now().UTC().AddDate(0, -1, 0).Truncate(24 * time.Hour)
	p.must(p.App.Certifications().Grant(p.ctx, journal.Program(), uuid.MustParse(who), certification.Course{On: tested.AddDate(0, 0, -1), Organiser: "Organisme de démonstration", Kind: certification.Classic},
		certification.Test{On: tested, Score: 900}))
}

func (p *person) must(err error) {
	p.t.Helper()
	if err != nil {
		p.fatalf("%v", err)
	}
}

// watches has the rules look at what the journal has got, which they do every ten minutes otherwise.
func (p *person) watches() {
	p.t.Helper()
	p.must(p.App.CatchUp(p.ctx))
	p.behind(`insert into river_job (kind, args, max_attempts) values ('periodic', '{"name": "look-for-anomalies"}', 1)`)
}

func (c *control) comesIn() {
	sub, _ := c.joins("auditrice-"+c.lang, journal.Auditor)
	c.signInAs(sub)
	c.page("auditor.home.title")
	c.look("home")
	c.reaches()
}

// searches looks for the mandate by each of the fields.
func (c *control) searches() {
	c.about("search by each field")
	c.keyTo(`main a[href="/audit/journal"]`)
	c.enter()
	c.page("auditor.list.title")
	c.look("journal")
	c.reaches()
	for _, asked := range []map[string]string{
		{"mandat": c.mandate}, {"usager": c.citizen, "acte": "mandate"}, {"personne": c.aidants[0], "acte": "mandate.signed"}, {"structure": c.there, "demarche": tax, "personne": c.aidants[0], "du": today(), "au": today()},
	} {
		c.asks(asked)
		c.says("auditor.action.mandate.signed")
	}
	c.look("journal-found")
	c.asks(map[string]string{"service": "franceconnect", "mandat": c.mandate})
	c.says("auditor.action.power.used")
	c.about("find nothing")
	c.asks(map[string]string{"service": "nulle-part"})
	c.says("auditor.list.empty")
	c.look("journal-empty")
	c.about("mistype")
	c.asks(map[string]string{"mandat": "1234", "au_heure": "10:00"})
	c.refusal(422, "auditor.list.title")
	c.look("journal-mistakes")
	c.jumpTo(`#errors a[href="#field-mandat"]`)
	c.keyTo("#field-service")
}

// today is the day in France, as fields for days have it.
func today() string { return time.Now().In(prose.Paris).Format(time.DateOnly) }

// asks fills in the search form, which is empty, and sends it.
func (c *control) asks(values map[string]string) {
	c.t.Helper()
	c.open("/audit/journal")
	for name, value := range values {
		field := "#field-" + name
		if !c.has(field) {
			c.click("details:has(" + field + ") > summary")
		}
		c.choice(field, value)
	}
	c.press("form[role=search] button")
}

// readsOne opens the entry of the signature with the keyboard, and takes its proof away.
func (c *control) readsOne() {
	c.about("read an entry")
	c.asks(map[string]string{"mandat": c.mandate, "acte": "mandate.signed"})
	c.keyTo(`#entries a[href^="/audit/journal/"]`)
	c.enter()
	c.entry = c.path()
	c.page("auditor.entry.title", "Index", path.Base(c.entry))
	c.says("auditor.entry.near")
	c.unfold("main details")
	c.look("entry")
	c.reaches()
	c.about("prove it")
	proof, line := c.download(`a[href$="/preuve"]`), c.download(`a[href$="/ecriture"]`)
	proven, err := verify.Proof(proof, line, c.policy())
	if err != nil || !strings.Contains(string(proven.Body), c.mandate) {
		c.fatalf("the proof shows %s, %v", proven.Body, err)
	}
	c.about("read the one before")
	c.press(`main ol a[href^="/audit/journal/"]`)
	c.look("entry-before")
}

// follows reads both timelines.
func (c *control) follows() {
	c.about("follow the mandate")
	c.open(c.entry)
	c.press(`main dl a[href="/audit/mandats/` + c.mandate + `"]`)
	c.page("auditor.timeline.mandate", "ID", journal.Pseudonym(uuid.MustParse(c.mandate)))
	c.says("auditor.action.power.used")
	c.look("timeline-mandate")
	c.about("follow the citizen")
	c.press(`#entries a[href="/audit/usagers/` + c.citizen + `"]`)
	c.page("auditor.timeline.citizen", "ID", journal.Pseudonym(uuid.MustParse(c.citizen)))
	c.look("timeline-citizen")
	c.reaches()
	c.about("see who read it")
	c.press(`main a[href^="/audit/journal?acte=journal"]`)
	c.says("auditor.action.journal.viewed")
	c.look("readings")
}

// learnsTheName asks, with the keyboard, to see whom the citizen's pseudonym stands for; the second auditor grants it.
func (c *control) learnsTheName() {
	c.about("ask for the name")
	c.open("/audit/usagers/" + c.citizen)
	c.keyTo(`main a[href$="/levee"]`)
	c.enter()
	c.page("auditor.unsealing.ask.title")
	c.look("unsealing-ask")
	c.reaches()
	c.keyTo("main form button[type=submit]")
	c.enter()
	c.refusal(422, "auditor.unsealing.ask.title")
	c.look("unsealing-mistakes")
	c.jumpTo(`#errors a[href="#field-motif"]`)
	c.choice("#field-motif", "complaint")
	c.write("#field-raison", "Une réclamation dit que ce mandat n’a pas été signé par la personne.")
	c.press("main form button[type=submit]")
	c.says("auditor.unsealing.one.waits")
	c.look("unsealing-asked")
	c.grants(c.path())
	c.about("see the name")
	c.open(c.path())
	c.look("unsealing-granted")
	c.press(`form[action$="/nom"] button`)
	c.saysWords(c.name)
	c.look("unsealing-name")
	c.about("end it")
	c.press(`form[action$="/fin"] button`)
	c.look("unsealing-ended")
	if strings.Contains(c.read("main"), c.name) {
		c.fatalf("the name is still shown")
	}
}

func (c *control) grants(request string) {
	s := c.second
	sub, _ := s.joins("auditeur-"+c.lang, journal.Auditor)
	s.signInAs(sub)
	if !s.has(`#spaces li:has(a[href="/audit/levees"]) .fr-badge`) {
		s.fatalf("the first page does not say that a request waits")
	}
	s.look("home")
	s.about("grant it")
	s.press(`main a[href="/audit/levees"]`)
	s.page("auditor.unsealing.list.title")
	s.look("unsealings")
	s.keyTo(`main a[href="` + request + `"]`)
	s.enter()
	s.says("auditor.unsealing.one.decide")
	s.look("unsealing-to-decide")
	s.reaches()
	s.press(`form[action$="/accord"] button`)
	s.says("auditor.unsealing.was_granted")
	s.look("unsealing-was-granted")
}

// takesAPart takes the entries of today away, and checks them; at first with what does not go together.
func (c *control) takesAPart() {
	c.about("take a part of the journal away")
	c.open("/audit")
	c.press(`main a[href="/audit/export"]`)
	c.page("auditor.export.title")
	c.look("export")
	c.reaches()
	c.choice("#field-du", today())
	c.write("#field-de", "0")
	c.press("main form button[type=submit]")
	c.refusal(422, "auditor.export.title")
	c.look("export-mistakes")
	c.choice("#field-du", "")
	c.write("#field-a", path.Base(c.entry))
	c.tick("#field-forme-jsonl")
	c.must(c.App.CatchUp(c.ctx))
	c.verify(c.download("main form button[type=submit]"))
	c.about("sign out")
	c.open("/audit")
	c.press(`form[action="/deconnexion"] button`)
	c.page("login.out.title")
}
