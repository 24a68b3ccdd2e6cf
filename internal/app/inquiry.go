package app

import (
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/site/auditor"
)

// inquiryPress makes papers of inquiries, in the words of the pages.
func (a *App) inquiryPress() *inquiry.Press {
	return inquiry.NewPress(a.inquiries, journal.NewReader(a.auditor), a.integrator.Log(), a.keys.Journal.Keys(), a.keys.Sealer, inquiry.Words{Text: a.pages.Text, Meaning: auditor.Meaning(a.pages)})
}
