package admin

import (
	"net/http"
	"strconv"
	"strings"

	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

type jobsPage struct {
	page.Common
	Jobs   []failedJob
	Checks comparison.Checks
	Notice string
}

type failedJob struct {
	jobs.Failure
	Text string // key of what the job does, in words
}

// jobText finds the words for a job. One that another version of the program queued has none of its own.
func (s *Site) jobText(name string) string {
	key := "admin.job." + strings.ReplaceAll(name, "-", "_")
	if _, err := s.Pages.Text("fr", key); err != nil {
		return "admin.job.other"
	}
	return key
}

func (s *Site) listJobs(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &jobsPage{Common: page.Common{Title: "admin.jobs.title", Current: home.Href, Trail: []page.Link{home}}}
	failed, err := s.Board.Failed(r.Context())
	if err != nil {
		return err
	}
	for _, f := range failed {
		p.Jobs = append(p.Jobs, failedJob{f, s.jobText(f.Name)})
	}
	if p.Checks, err = comparison.Checked(r.Context(), s.Database); err != nil {
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
