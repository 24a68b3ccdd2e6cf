package e2e

import (
	"bytes"
	"strings"
	"testing"

	"mandat/internal/demo"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/walk"
)

// parts is the story of those who see a part of what was done: an auditor what nobody chose and how much there is, FranceConnect's fraud team what became of logins, a prefecture its
// organisations, a referent what was done in theirs, everybody what is open data; and of who ends that somebody sees it.
type parts struct {
	*person               // the auditor
	citizen, name  string // at FranceConnect, and as it is typed
	referent, kind string // who checks, at ProConnect; the kind of signal
}

// TestParts: each of them sees their part and does what is theirs to do with it.
func TestParts(t *testing.T) {
	t.Parallel()
	for lang, s := range map[string]*parts{
		"fr": {citizen: "caractères_spéciaux", name: "LÉGLISE", referent: "demo-odile", kind: "denied"},
		"en": {citizen: "avec_nom_dusage", name: "DUBOIS", referent: "demo-claire", kind: "impossible"},
	} {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			s.person = arrive(t, habits{lang: lang, album: "parts"})
			s.happens()
			for _, chapter := range []func(){s.signals, s.answers, s.draws, s.isBound, s.counts, s.department, s.checks, s.ends, s.published} {
				chapter()
			}
		})
	}
}

// happens is what they see: a mandate that was used.
func (s *parts) happens() {
	w := walk.New(s.Config.BaseURL, s.Twin.Service)
	s.must(w.SignIn("demo-paul"))
	_, err := w.DrawUp(s.citizen, tax, housing)
	s.must(err)
	s.must(w.Use(demo.TaxService, s.name, tax))
	s.must(s.App.CatchUp(s.ctx))
}

// signals looks for logins as the fraud team does, and tells auditors of one.
func (s *parts) signals() {
	f := arrive(s.t, habits{lang: s.lang, album: "fraud"})
	f.signInAs("demo-salome")
	f.page("receiving.fraud.title")
	f.look("logins")
	f.reaches()
	f.about("mistype")
	f.write("#field-sub", "court")
	f.choice("#field-du", "")
	f.press(`main form[action="/fraude"] button`)
	f.refusal(422, "receiving.fraud.title")
	f.look("logins-mistakes")
	f.about("find nothing")
	f.open("/fraude")
	f.write("#field-sub", strings.Repeat("a", 43))
	f.press(`main form[action="/fraude"] button`)
	f.says("receiving.fraud.none")
	f.look("logins-none")
	f.about("find logins, and tell of one")
	f.open("/fraude/signalements")
	f.look("signals")
	f.open("/fraude")
	f.keyTo(`main form[action="/fraude"] button`)
	f.enter()
	f.says("auditor.action.power.used")
	f.look("logins-found")
	if strings.Contains(strings.ToUpper(f.read("main")), s.name) {
		f.fatalf("the citizen is named")
	}
	f.tick("#seen input[type=checkbox]")
	f.press(`form[action="/fraude/signalements/nouveau"] button`)
	f.page("receiving.signal.title")
	f.look("signal")
	f.reaches()
	f.press(`main form[action="/fraude/signalements"] button`)
	f.refusal(422, "receiving.signal.title")
	f.look("signal-mistakes")
	f.jumpTo(`#errors a[href="#field-motif"]`)
	f.choice("#field-motif", s.kind)
	f.write("#field-raison", "La personne dit qu’elle n’était pas au guichet ce jour-là.")
	f.press(`main form[action="/fraude/signalements"] button`)
	f.says("receiving.signals.was_raised")
	f.look("signals-raised")
}

// answers is what the auditor does with what the fraud team told.
func (s *parts) answers() {
	sub, _ := s.joins("tirage-"+s.lang, journal.Auditor)
	s.signInAs(sub)
	s.about("answer the fraud team")
	s.press(`main a[href="/audit/signalements"]`)
	s.page("receiving.queue.title")
	s.look("queue")
	s.reaches()
	s.press(`#signals a[href="/audit/signalements/` + row[string](s.person, `select id::text from recipient_signal where kind = $1`, s.kind) + `"]`)
	s.page("receiving.queue.one")
	s.look("dealing")
	s.press(`main form:has(#field-suite) button`)
	s.refusal(422, "receiving.queue.one")
	s.look("dealing-mistakes")
	s.choice("#field-suite", "explained")
	s.press(`main form:has(#field-suite) button`)
	s.says("receiving.queue.was_closed")
	s.look("dealt")
}

// counts looks at how much was done, and takes it away in each form.
func (s *parts) counts() {
	s.about("see how much was done")
	s.must(s.App.Do(s.ctx, "count-acts"))
	s.press(`nav a[href="/audit/tableau"]`)
	s.page("figures.title")
	s.look("board")
	s.reaches()
	s.choice("#field-du", today())
	s.choice("#field-au", "2020-01-01")
	s.press(`main form[method=get] button`)
	s.refusal(422, "figures.title")
	s.look("board-mistakes")
	s.about("find nothing")
	s.open("/audit/tableau?du=2020-01-01&au=2020-12-31")
	s.says("figures.empty")
	s.look("board-empty")
	s.about("take it away")
	s.open("/audit/tableau?pas=day&demarche=" + tax)
	s.look("board-procedure")
	for format, begins := range map[string]string{"csv": "", "xlsx": "PK", "pdf": "%PDF-"} {
		s.tick("#format-" + format)
		if file := s.download("form:has(#format-csv) button"); len(file) < 100 || !bytes.HasPrefix(file, []byte(begins)) {
			s.fatalf("a file of %d bytes as %s", len(file), format)
		}
	}
}

// department is what a prefecture sees.
func (s *parts) department() {
	p := arrive(s.t, habits{lang: s.lang, album: "prefecture"})
	p.signInAs("demo-yves")
	p.about("look at the organisations of the department")
	p.page("receiving.prefecture.title", "Code", "75")
	p.look("department")
	p.reaches()
	p.press("#places a")
	p.look("organisation")
	p.reaches()
	if all := p.read("main"); strings.Contains(all, "Morel") || strings.Contains(strings.ToUpper(all), s.name) {
		p.fatalf("somebody is named")
	}
}

// checks is what a referent sees of their organisation, and that they looked.
func (s *parts) checks() {
	r := arrive(s.t, habits{lang: s.lang, album: "checks"})
	r.signInAs(s.referent)
	r.about("check what was done")
	r.press(`main a[href$="/referent/journal"]`)
	r.page("receiving.referent.title")
	r.look("journal")
	r.reaches()
	r.press(`form[action$="/referent/journal/controle"] button`)
	r.says("receiving.referent.was_checked")
	r.look("checked")
	r.about("say when the organisation is open")
	r.open("/referent/structure/horaires")
	r.page("referent.opening.title")
	r.look("hours")
	r.reaches()
	r.choice("#field-opens1", "09:00")
	r.press(`main form[action="/referent/structure/horaires"] button`)
	r.refusal(422, "referent.opening.title")
	r.look("hours-mistakes")
	r.choice("#field-closes1", "17:30")
	r.press(`main form[action="/referent/structure/horaires"] button`)
	r.says("referent.opening.changed")
	r.look("hours-said")
	r.about("see how much was done")
	r.open("/referent")
	r.press(`main a[href$="/referent/tableau"]`)
	r.page("figures.title")
	r.look("board")
	r.reaches()
}

// ends is an administrator's: how much was done everywhere, who receives a part of it, and that somebody does no more.
func (s *parts) ends() {
	a := arrive(s.t, habits{lang: s.lang, album: "ends"})
	sub, _ := a.enlist("part-fin-" + s.lang)
	a.signInAs(sub)
	a.about("see how much was done")
	a.press(`main a[href="/admin/tableau"]`)
	a.page("figures.title")
	a.look("board")
	a.about("end what somebody receives")
	gone, err := a.App.Directory().AddPerson(a.ctx, journal.Program(), org.Person{Email: "parti-" + a.lang + "@fraude.exemple.invalid", EmailVerified: true, GivenName: "Camille", UsualName: "Parti", Lang: a.lang, Recipient: org.Fraud}, [16]byte{})
	a.must(err)
	a.open("/admin")
	a.press(`main a[href="/admin/destinataires"]`)
	a.page("admin.recipients.title")
	a.look("recipients")
	a.reaches()
	a.press(`#recipients a[href="/admin/destinataires/` + gone.String() + `/fin"]`)
	a.page("admin.receiving.end.title")
	a.look("end")
	a.keyTo("main form button")
	a.enter()
	a.says("admin.recipients.was_ended")
	a.look("recipients-after")
}
