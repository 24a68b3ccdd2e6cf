package admin

import (
	"net/http"
	"strconv"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

type jobsPage struct {
	page.Common
	Jobs   []jobs.Failure
	Notice string
}

func (s *Site) listJobs(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &jobsPage{Common: page.Common{Title: "admin.jobs.title", Current: home.Href, Trail: []page.Link{home}}}
	if p.Jobs, err = s.Board.Failed(r.Context()); err != nil {
		return err
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/jobs.html", p)
}

// doRetry lets a job run again.
func (s *Site) doRetry(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PathValue("job"), 10, 64)
	if err != nil {
		return db.ErrNotFound
	}
	return s.acts().Press(w, r, at, "/admin/travaux", "admin.jobs.retried", func() error {
		return s.Directory.Administer(r.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) { return s.Board.Retry(r.Context(), tx, id) })
	})
}
