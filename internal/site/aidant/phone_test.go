package aidant

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/phone"
	"mandat/internal/session"
)

const mobile = "+33639980010"

// phonePages are the pages about a telephone, in each shape.
func phonePages() []shownPage {
	number := func(change func(*phone.Number)) *phone.Number {
		n := &phone.Number{ID: someID, Number: mobile, State: phone.Asked, AskedAt: signedAt, AskedBy: someID, ExpiresAt: signedAt.Add(10 * time.Minute)}
		change(n)
		return n
	}
	shape := func(variant string, change func(*phonePage)) shownPage {
		return shownPage{"aidant/phone.html", variant, func() page.Page {
			p := &phonePage{Common: page.Common{Title: "telephone.title", Trail: phoneTrail(someID)}, Mandate: someID, Identity: angela, Ready: true, EnteredBy: "Maëlle Le Goff"}
			change(p)
			return p
		}}
	}
	exception := func(variant string, change func(*exceptionPage)) shownPage {
		return shownPage{"aidant/phone_exception.html", variant, func() page.Page {
			p := &exceptionPage{Common: page.Common{Title: "telephone.exception.title", Trail: phoneTrail(someID)}, Mandate: someID, Identity: longName, EnteredBy: "Maëlle Le Goff", Max: phone.ReasonMax}
			change(p)
			return p
		}}
	}
	wrong := func(field, text string) *page.Form {
		form := page.FilledForm(url.Values{field: {"x"}})
		form.Fail(field, text)
		return form
	}
	same := func(*phone.Number) {}
	barred := func(why string) func(*phone.Number) {
		return func(n *phone.Number) { n.Barred, n.ExpiresAt = why, time.Time{} }
	}
	return []shownPage{
		shape("none", func(*phonePage) {}),
		shape("wrong", func(p *phonePage) { p.Form = wrong("number", "telephone.wrong.number") }),
		shape("too often", func(p *phonePage) { p.Form = wrong("number", "telephone.wrong.too_often") }),
		shape("no gateway", func(p *phonePage) { p.Ready = false }),
		shape("code", func(p *phonePage) { p.Asked, p.Mine, p.CodeSent = number(same), true, true }),
		shape("wrong code", func(p *phonePage) {
			p.Asked, p.Mine, p.CodeSent, p.Form = number(func(n *phone.Number) { n.FailedAt = signedAt }), true, true, wrong("code", "telephone.wrong.code")
		}),
		shape("wrong, and over", func(p *phonePage) { p.Asked, p.Again, p.Wrong = number(same), true, true }),
		shape("late", func(p *phonePage) { p.Asked, p.Mine, p.Again = number(same), true, true }),
		shape("another's", func(p *phonePage) { p.Asked = number(same) }),
		shape("staff", func(p *phonePage) { p.Asked, p.Mine = number(barred(phone.Staff)), true }),
		shape("other", func(p *phonePage) { p.Asked = number(barred(phone.Other)) }),
		shape("verified", func(p *phonePage) {
			p.Done, p.Verified = true, number(func(n *phone.Number) { n.State, n.VerifiedAt = phone.Verified, signedAt })
		}),
		exception("none", func(*exceptionPage) {}),
		exception("allowed", func(p *exceptionPage) { p.Allowed = true }),
		exception("ask", func(p *exceptionPage) { p.Asked = number(barred(phone.Staff)) }),
		exception("wrong", func(p *exceptionPage) {
			p.Asked, p.Form = number(barred(phone.Other)), wrong("reason", "telephone.wrong.reason")
		}),
		exception("owner", func(p *exceptionPage) {
			p.Asked, p.Form = number(barred(phone.Other)), wrong("reason", "telephone.wrong.same_person")
		}),
		exception("mine", func(p *exceptionPage) { p.Wrong, p.Asked, p.Mine = true, number(barred(phone.Staff)), true }),
	}
}

// code sends the message that waits, and returns the code in it.
func (c *counter) code(t *testing.T) string {
	t.Helper()
	var message uuid.UUID
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select message_id from phone where state = 'asked'`).Scan(&message); err != nil {
		t.Fatal(err)
	}
	if err := c.phones.Phones.Kind().Work(t.Context(), message, false); err != nil {
		t.Fatal(err)
	}
	m, err := c.phones.Box.Wait(t.Context(), mobile, "code")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`\b[0-9]{6}\b`).FindString(m.Text)
}

// An aidant enters the number, the citizen reads the code out, and the number is there until somebody removes it.
func TestPhone(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	path := "/mandats/" + c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax).ID.String() + "/telephone"
	jeanne := c.jeanne(t)
	jeanne.Want(jeanne.Get(path), http.StatusOK, "Saisir le numéro", "Angela")
	jeanne.Want(jeanne.Post(path, "number", "01 99 00 12 34"), http.StatusUnprocessableEntity, "numéro de mobile", `value="01 99 00 12 34"`)
	jeanne.Want(jeanne.Post(path, "number", "06 39 98 00 10"), http.StatusSeeOther, path)
	jeanne.Want(jeanne.Get(path), http.StatusOK, "Un code part au 06 39 98 00 10", "Code lu par la personne")
	paul := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	paul.Without(paul.Get(path), "Code lu par la personne")
	code := c.code(t)
	jeanne.Want(jeanne.Post(path+"/code", "code", "nonsense"), http.StatusUnprocessableEntity, "Ce code ne convient pas")
	paul.Want(paul.Post(path+"/code", "code", code), http.StatusUnprocessableEntity, "Ce code ne convient pas")
	jeanne.Want(jeanne.Post(path+"/code", "code", code), http.StatusSeeOther, path)
	jeanne.Want(jeanne.Get(path), http.StatusOK, "Le numéro est vérifié.", "06 39 98 00 10", "Retirer ce numéro")
	jeanne.Without(jeanne.Get(path), "Le numéro est vérifié.")
	for range 2 {
		paul.Want(paul.Post(path+"/retrait"), http.StatusSeeOther, path)
	}
	jeanne.Without(jeanne.Get(path), "06 39 98 00 10", "Retirer ce numéro")
}

// A number that is a professional's waits for a colleague, who says why in their own session.
func TestPhone_WantsAColleague(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.Behind(t, `update person set phone = $2 where id = $1`, c.Ines.Person, mobile)
	path := "/mandats/" + c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax).ID.String() + "/telephone"
	jeanne, paul := c.jeanne(t), c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	paul.Want(paul.Get(path+"/exception"), http.StatusOK, "Aucun numéro n’attend")
	paul.Want(paul.Post(path+"/exception", "reason", "Je le connais bien"), http.StatusSeeOther, path+"/exception")
	jeanne.Want(jeanne.Post(path, "number", mobile), http.StatusSeeOther, path)
	jeanne.Want(jeanne.Get(path), http.StatusOK, "Ce numéro est celui d’un professionnel", "Demandez à un collègue")
	jeanne.Want(jeanne.Get(path+"/exception"), http.StatusOK, "Demandez à un collègue")
	jeanne.Want(jeanne.Post(path+"/exception", "reason", "Je me le permets moi-même"), http.StatusConflict, "Demandez à un autre collègue")
	paul.Want(paul.Get(path), http.StatusOK, path+"/exception")
	paul.Want(paul.Post(path+"/exception", "reason", "court"), http.StatusUnprocessableEntity, "Écrivez pourquoi")
	paul.Want(paul.Post(path+"/exception", "reason", "Mot de passe de sa fille : soleil"), http.StatusUnprocessableEntity, "Rien n’est enregistré ni envoyé")
	paul.Want(paul.Get(path+"/exception"), http.StatusOK, "06 39 98 00 10", "Pourquoi ce numéro convient-il")
	paul.Want(paul.Post(path+"/exception", "reason", "Le téléphone est celui de sa fille"), http.StatusSeeOther, path+"/exception")
	paul.Want(paul.Get(path+"/exception"), http.StatusOK, "Le numéro est autorisé.", "Un code part sur ce téléphone")
	paul.Want(paul.Get(path), http.StatusOK, "Un code part sur ce téléphone")
	jeanne.Without(jeanne.Get(path+"/exception"), "Le numéro est autorisé.")
	jeanne.Want(jeanne.Post(path+"/code", "code", c.code(t)), http.StatusSeeOther, path)
	jeanne.Want(jeanne.Get(path), http.StatusOK, "Le numéro est vérifié.")
}

// Whoever's second factor is old gives it first, and what they entered is there again; another organisation finds nothing.
func TestPhone_AsksForTheFactor(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	path := "/mandats/" + c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax).ID.String() + "/telephone"
	old := c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now().Add(-org.FactorLife-time.Minute))
	old.Want(old.Post(path, "number", mobile), http.StatusSeeOther, "/connexion/")
	old.Want(old.Post(path+"/exception", "reason", "Le téléphone est celui de sa fille"), http.StatusSeeOther, "/connexion/")
	ines := c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	for _, a := range []int{ines.Get(path).Status, ines.Get(path + "/exception").Status, ines.Post(path, "number", mobile).Status, ines.Post(path+"/code", "code", "123456").Status,
		ines.Post(path + "/retrait").Status, ines.Post(path+"/exception", "reason", "Le téléphone est celui de sa fille").Status} {
		if a != http.StatusNotFound {
			t.Errorf("another organisation: %d", a)
		}
	}
	c.wantRows(t, 0, `select count(*) from phone`)
}
