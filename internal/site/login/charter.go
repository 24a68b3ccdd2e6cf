package login

import (
	"encoding/hex"
	"errors"
	"net/http"

	"mandat/internal/charter"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/signin"
)

// charterPage is login/charter.html.
type charterPage struct {
	page.Common
	Version, SHA256 string
	Blocks          []charter.Block
	Asked           bool   // it has to be accepted before anything else
	Before          bool   // another version was accepted
	Accepted        bool   // this one was
	Back            string // where to go on
}

func (s *Site) showCharter(w http.ResponseWriter, r *http.Request) error {
	return s.renderCharter(w, r, http.StatusOK, nil)
}

func (s *Site) renderCharter(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	at := session.From(r.Context())
	blocks, err := charter.Text(page.Lang(r))
	if err != nil {
		return err
	}
	before, err := s.Charter.Acceptances(r.Context(), at.Person)
	if err != nil {
		return err
	}
	data := &charterPage{Common: page.Common{Title: "login.charter.title", Form: form}, Version: charter.Version, SHA256: hex.EncodeToString(charter.Sum()),
		Blocks: blocks[1:], Asked: !at.Charter, Before: len(before) > 0, Back: signin.Back(at.ReturnPath, at.Home())}
	data.Accepted = len(before) > 0 && before[0].Version == charter.Version
	return s.Pages.Render(w, r, status, "login/charter.html", data)
}

// doAcceptCharter takes the acceptance of the text that was shown, and leads back to where the person was going.
func (s *Site) doAcceptCharter(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	if !form.Ticked("accepted") {
		form.Fail("accepted", "login.charter.tick_missing")
		return s.renderCharter(w, r, http.StatusUnprocessableEntity, form)
	}
	// What it opens is for who accepts it, and no copy of their cookie.
	if err := s.Sessions.Renew(w, r, at); err != nil {
		return err
	}
	sum, err := hex.DecodeString(form.Value("sha256"))
	if err == nil {
		err = s.Charter.Accept(r.Context(), at.Actor(), form.Value("version"), sum)
	} else {
		err = charter.ErrNotLatest
	}
	if errors.Is(err, charter.ErrNotLatest) {
		form = page.FilledForm(nil) // the tick was for another text
		form.Fail("accepted", "login.charter.changed")
		return s.renderCharter(w, r, http.StatusConflict, form)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, signin.Back(at.ReturnPath, at.Home()), http.StatusSeeOther)
	return nil
}
