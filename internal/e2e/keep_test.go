package e2e

import (
	"archive/zip"
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/org"
)

// rights is the story of a citizen who wants to see what is kept about them, and then to be forgotten; and of who keeps it longer.
type rights struct {
	*person
	mandate, citizen string // id of both
	name, login      string // no login is an identity of their own
	policy           string // whose period is changed
	keeper           *person
}

// TestKept: an aidant hands a citizen all that is kept about them, and takes in that they want to be forgotten; an administrator holds what is about them, and tries another
// period before it is in force.
func TestKept(t *testing.T) {
	t.Parallel()
	for lang, r := range map[string]*rights{
		"fr": {name: "BARRY", login: "étranger_présumé_né_jour_et_mois", policy: "security_log"},
		"en": {name: "ROSSIGNOL", policy: "session_origins"},
	} {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			r.person = arrive(t, habits{lang: lang, album: "kept"})
			if r.login == "" {
				r.login = r.born("Solène", r.name)
			}
			sub, email := r.enlist("droits-"+lang, org.RoleAidant)
			r.qualifies(r.known(email))
			_, id := r.given(sub, r.login, url.Values{"days": {"31"}, "procedures": {tax, housing}})
			r.mandate = id.String()
			r.citizen = row[string](r.person, `select citizen_id::text from mandate where id = $1`, id)
			r.signInAs(sub)
			for _, chapter := range []func(){r.seesAll, r.holds, r.asksToGo, r.comesBack, r.goes} {
				chapter()
			}
		})
	}
}

// seesAll hands the file over with the keyboard.
func (r *rights) seesAll() {
	r.about("hand over all that is kept")
	r.open("/mandats/" + r.mandate)
	r.keyTo(`main a[href$="/dossier"]`)
	r.enter()
	r.page("mydata.title")
	r.look("dossier")
	r.reaches()
	r.keyTo("main form button[type=submit]")
	r.enter()
	r.refusal(422, "mydata.title")
	r.look("dossier-mistakes")
	r.jumpTo(`#errors a[href="#field-seen"]`)
	r.choose("#field-seen")
	file := r.download("main form button[type=submit]")
	content, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	r.must(err)
	names := ""
	for _, f := range content.File {
		names += " " + f.Name
	}
	if !strings.Contains(names, ".html") || !strings.Contains(names, ".json") {
		r.fatalf("the file holds%s", names)
	}
}

// asksToGo takes in that the citizen wants to be forgotten, for which the mandate ends.
func (r *rights) asksToGo() {
	r.about("take in that they want to be forgotten")
	r.open("/mandats/" + r.mandate)
	r.keyTo(`main a[href$="/effacement"]`)
	r.enter()
	r.page("erasing.ask.title")
	r.look("erasure")
	r.reaches()
	r.press("main form button[type=submit]")
	r.refusal(422, "erasing.ask.title")
	r.look("erasure-not-asked")
	r.tick("#field-asked")
	r.press("main form button[type=submit]")
	r.refusal(422, "erasing.ask.title")
	r.look("erasure-standing")
	r.tick("#field-ends")
	r.press("main form button[type=submit]")
	r.page("erasing.answer.title")
	r.look("erasure-answer")
	if strings.Contains(r.read("main"), r.name) {
		r.fatalf("the answer names the citizen")
	}
	r.about("see nothing more of them")
	r.open("/mandats/" + r.mandate)
	if _, status := r.where(); status != 404 {
		r.fatalf("the mandate is still shown")
	}
}

// comesBack takes the request back.
func (r *rights) comesBack() {
	r.about("find the request, and take it back")
	r.open("/espace")
	r.press(`main a[href$="/effacements"]`)
	r.page("erasing.list.title")
	r.look("erasures")
	r.reaches()
	reference := row[string](r.person, `select id::text from erasure_request where citizen_id = $1 and state = 'asked'`, uuid.MustParse(r.citizen))
	r.press(`main a[href$="/effacements/` + reference + `"]`)
	r.look("erasure-request")
	r.about("hand over all that is kept, though nobody sees it any more")
	r.press(`main a[href$="/dossier"]`)
	r.page("mydata.title")
	r.look("dossier-of-request")
	if strings.Contains(r.read("main"), r.name) {
		r.fatalf("the page names the citizen")
	}
	r.tick("#field-seen")
	if file := r.download("main form button[type=submit]"); !bytes.HasPrefix(file, []byte("PK")) {
		r.fatalf("the file begins %q", file[:min(len(file), 8)])
	}
	r.press(`main a[href$="/effacements/` + reference + `"]`)
	r.press(`main form button`)
	r.page("erasing.list.title")
	r.look("erasures-after")
	r.open("/mandats/" + r.mandate)
	r.page("aidant.mandate.title")
}

// holds is what an administrator does so that nothing about the citizen goes.
func (r *rights) holds() {
	a := arrive(r.t, habits{lang: r.lang, album: "keep"})
	r.keeper = a
	sub, _ := a.enlist("garde-" + r.lang)
	a.signInAs(sub)
	a.about("hold what is about a citizen")
	a.press(`main a[href="/admin/conservation"]`)
	a.page("keep.title")
	a.look("retention")
	a.reaches()
	a.press(`main a[href="/admin/gels"]`)
	a.page("keep.holds.title")
	a.look("holds")
	a.reaches()
	a.press(`main form[action="/admin/gels"] button`)
	a.refusal(422, "keep.holds.title")
	a.look("hold-mistakes")
	a.write("#field-siret", row[string](a, `select o.siret from mandate m join organisation o on o.id = m.organisation_id where m.id = $1`, uuid.MustParse(r.mandate)))
	a.choice("#field-citizen", r.citizen)
	a.tick("#field-reason")
	a.write("#field-until", time.Now().AddDate(0, 2, 0).Format("02/01/2006"))
	a.press(`main form[action="/admin/gels"] button`)
	a.says("keep.holds.made")
	a.look("held")
	a.about("try another period")
	a.open("/admin/conservation/" + r.policy)
	a.page("keep.change_title")
	a.look("policy")
	a.reaches()
	a.write("#field-amount", "0")
	a.press(`main form[action$="/` + r.policy + `"] button`)
	a.refusal(422, "keep.change_title")
	a.look("policy-mistakes")
	a.write("#field-amount", "11")
	a.press(`main form[action$="/` + r.policy + `"] button`)
	a.says("keep.trial_about")
	a.look("policy-tried")
	a.press(`form[action$="/changement"] button`)
	a.says("keep.changed")
	a.look("policy-changed")
}

// goes asks again. Six years later the hold keeps what is about them; when it is released, they are forgotten.
func (r *rights) goes() {
	r.about("ask again to be forgotten")
	r.open("/mandats/" + r.mandate + "/effacement")
	r.tick("#field-asked")
	r.press("main form button[type=submit]")
	r.page("erasing.answer.title")
	r.comparing.Lock()
	defer r.comparing.Unlock()
	r.behind(`update mandate set identified_at = identified_at - interval '7 years', signed_at = signed_at - interval '7 years', ends_at = ends_at - interval '7 years', ended_at = ended_at - interval '7 years' where id = $1`, r.mandate)
	r.behind(`update erasure_request set due_at = now() where citizen_id = $1 and state = 'asked'`, r.citizen)
	a := r.keeper
	a.about("see what is held")
	a.open("/admin/conservation")
	a.says("keep.held", "Count", 1)
	a.look("retention-held")
	r.releases()
	a.about("see what is done")
	r.must(r.App.Do(r.ctx, "erase-asked"))
	if n := row[int](r.person, `select count(*)::int from citizen where id = $1`, uuid.MustParse(r.citizen)); n != 0 {
		r.fatalf("the citizen is still there")
	}
	a.open("/admin/conservation")
	a.look("retention-done")
	r.open("/effacements")
	r.page("erasing.list.title")
	r.look("erasures-done")
	r.open("/mandats/" + r.mandate)
	r.refusal(404, "page.problem.not_found.title")
}

// releases releases the hold.
func (r *rights) releases() {
	a := r.keeper
	a.about("release the hold")
	a.open("/admin/gels")
	hold := row[string](a, `select id::text from erasure_hold where citizen_id = $1`, uuid.MustParse(r.citizen))
	release := `form[action="/admin/gels/` + hold + `/levee"] `
	a.press(release + "button")
	a.refusal(422, "keep.holds.title")
	a.look("hold-why")
	a.choice(release+"select", ask[string](a, `document.querySelector(%q).value`, release+"option:last-child"))
	a.press(release + "button")
	a.says("keep.holds.released")
	a.look("hold-released")
}
