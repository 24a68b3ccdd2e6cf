package admin

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/retention"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

var keeping = page.Link{Href: "/admin/conservation", Text: "keep.title"}

// mountRetention adds how long things are kept, and what keeps them longer.
func (s *Site) mountRetention(r *page.Router) {
	r.Get(keeping.Href, page.Administrator, s.showRetention)
	r.Get("/admin/conservation/{policy}", page.Administrator, s.showPolicy)
	r.Post("/admin/conservation/{policy}", page.Administrator, s.doTry)
	r.Post("/admin/conservation/{policy}/changement", page.Administrator, s.doChangePolicy)
	r.Get(holds.Href, page.Administrator, s.showHolds)
	r.Post(holds.Href, page.Administrator, s.doHold)
	r.Post("/admin/gels/{hold}/levee", page.Administrator, s.doReleaseHold)
}

// retentionPage is admin/retention.html: what the next run would do of every sort of things, which changes nothing.
type retentionPage struct {
	page.Common
	Kept   []retention.Look
	Holds  int // that stand
	Notice string
}

func (s *Site) showRetention(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &retentionPage{Common: page.Common{Title: keeping.Text, Current: home.Href, Trail: []page.Link{home}}}
	if p.Kept, err = s.Retention.DryRun(r.Context()); err != nil {
		return err
	}
	standing, err := s.Erasures.Holds(r.Context())
	if err != nil {
		return err
	}
	p.Holds = len(standing)
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/retention.html", p)
}

// policyPage is admin/policy.html.
type policyPage struct {
	page.Common
	Policy retention.Policy
	Trial  *retention.Trial // the dry run that was looked at last, if its period can still be put in force
	Notice string
}

func policyPath(key string) string { return keeping.Href + "/" + key }

// policy finds the policy of the path, if it can be changed.
func (s *Site) policy(r *http.Request) (*session.Session, retention.Policy, error) {
	at, err := staff.SignedIn(r)
	if err != nil {
		return nil, retention.Policy{}, err
	}
	p, err := s.Retention.Find(r.Context(), r.PathValue("policy"))
	if err == nil && p.Fixed() {
		err = db.ErrNotFound
	}
	return at, p, err
}

func (s *Site) showPolicy(w http.ResponseWriter, r *http.Request) error {
	return s.renderPolicy(w, r, http.StatusOK, nil)
}

func (s *Site) renderPolicy(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	at, policy, err := s.policy(r)
	if err != nil {
		return err
	}
	p := &policyPage{Common: page.Common{Title: "keep.change_title", Current: home.Href, Trail: []page.Link{home, keeping}, Form: form}, Policy: policy}
	trial, pending, err := s.Retention.Pending(r.Context(), at.Actor(), policy.Key)
	if err != nil {
		return err
	}
	if pending {
		p.Trial = &trial
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "admin/policy.html", p)
}

// doTry counts what another period would let go, and shows it. It changes nothing.
func (s *Site) doTry(w http.ResponseWriter, r *http.Request) error {
	at, policy, err := s.policy(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	amount, bad := strconv.Atoi(form.Value("amount"))
	if bad == nil {
		_, err = s.Retention.Try(r.Context(), at.Actor(), policy.Key, amount)
	}
	if bad != nil || errors.Is(err, retention.ErrBounds) {
		form.Fail("amount", "keep.wrong_amount")
		return s.renderPolicy(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return refusal(err)
	}
	page.Redirect(w, r, policyPath(policy.Key))
	return nil
}

// doChangePolicy puts in force the period of the dry run that the page showed.
func (s *Site) doChangePolicy(w http.ResponseWriter, r *http.Request) error {
	at, policy, err := s.policy(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	trial, err := uuid.Parse(form.Value("trial"))
	if err != nil {
		return db.ErrNotFound
	}
	back := policyPath(policy.Key)
	return s.acts().Press(w, r, at, back, "keep.changed", func() error {
		_, err := s.Retention.Change(r.Context(), at.Actor(), trial)
		if errors.Is(err, retention.ErrTrial) {
			return page.NewProblem(http.StatusConflict, "keep.problem.trial", back)
		}
		return err
	})
}
