package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mandat/internal/config"
	"mandat/internal/db"
	"mandat/internal/dbtest"
)

// Addresses of the database that were exchanged, and a folder that is not there, are said before anything starts.
func TestCheckStores(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	auditor := d.OpenAuditor(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		app, auditor *db.DB
		state, want  string
	}{
		"as it should be":            {d.DB, auditor, folder, ""},
		"the auditor's for both":     {auditor, auditor, folder, "DATABASE_URL:"},
		"the program's for both":     {d.DB, d.DB, folder, "DATABASE_URL_AUDITOR:"},
		"no folder":                  {d.DB, auditor, filepath.Join(folder, "missing"), "STATE_DIR: there is no"},
		"a file instead of a folder": {d.DB, auditor, file, "is not a folder"},
	} {
		a := &App{db: c.app, auditor: c.auditor, config: config.Config{StateDir: c.state}}
		if err := a.checkStores(t.Context()); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
