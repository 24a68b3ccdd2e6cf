package account

import (
	"errors"
	"net/http"
	"time"

	"mandat/internal/credential"
	"mandat/internal/page"
	"mandat/internal/session"
)

// recoveryPage is account/recovery.html: the only time that the codes are shown.
type recoveryPage struct {
	page.Common
	Codes []string
	Name  string
	At    time.Time
}

func (s *Site) doRecovery(w http.ResponseWriter, r *http.Request) error {
	if !settled(w, r) {
		return nil
	}
	at := session.From(r.Context())
	if err := s.Sessions.Renew(w, r, at); err != nil {
		return err
	}
	codes, err := s.Factors.MakeRecovery(r.Context(), at.Actor())
	if errors.Is(err, credential.ErrNoFactor) {
		const key = "account.problem.recovery"
		return &page.Problem{Status: http.StatusConflict, Title: key + ".title", What: key + ".what", Next: key + ".next", Link: FactorsPath, LinkText: "account.back_factors"}
	}
	if err != nil {
		return s.again(w, r, err, FactorsPath)
	}
	return s.Pages.Render(w, r, http.StatusOK, "account/recovery.html", &recoveryPage{page.Common{Title: "account.recovery.title"}, codes, at.GivenName + " " + at.UsualName, s.Clock.Now()})
}
