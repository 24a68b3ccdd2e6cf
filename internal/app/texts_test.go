package app_test

import (
	"testing"

	"mandat/internal/journal"
	"mandat/internal/page/pagetest"
)

// Auditors read of every act in their language: an entry whose action has no text would take the whole list away.
func TestActions_HaveTheirTexts(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	for _, lang := range []string{"fr", "en"} {
		for _, action := range journal.Actions() {
			if _, err := pages.Text(lang, "auditor.action."+action.Name); err != nil {
				t.Errorf("%s in %s: %v", action.Name, lang, err)
			}
		}
	}
}
