package app

import (
	"strings"
	"testing"

	"mandat/internal/backchannel"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/page/pagetest"
)

// Administrators read in their language which job has failed.
func TestJobs_HaveTheirTexts(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	names := []string{notify.Job, mandate.TransferJob, mandate.OthersJob, backchannel.Job}
	for _, p := range (&App{}).periodic() {
		names = append(names, p.Name)
	}
	for _, lang := range []string{"fr", "en"} {
		for _, name := range names {
			if _, err := pages.Text(lang, "admin.job."+strings.ReplaceAll(name, "-", "_")); err != nil {
				t.Errorf("%s in %s: %v", name, lang, err)
			}
		}
	}
}
