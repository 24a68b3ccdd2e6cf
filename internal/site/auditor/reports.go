package auditor

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

const reportsPath = "/audit/dossiers/rapports"

// Meaning returns what tells an entry in plain words, in a language.
func Meaning(pages *page.Pages) func(lang string, e *journal.Entry) (string, error) {
	return func(lang string, e *journal.Entry) (string, error) {
		return meaning{text: pages.Text, lang: lang}.of(e)
	}
}

// report sends the paper of an inquiry. Its entry is committed before its first byte leaves.
func (s *Inquiries) report(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "inquiry")
	if err != nil {
		return err
	}
	document, made, err := s.Press.Make(r.Context(), at.Actor(), id, page.Lang(r))
	if err != nil {
		return refuseInquiry(staff.Often(r, err, "cases.problem.often", inquiryPath(id)))
	}
	page.SendPDF(w, "dossier-"+made.MadeAt.Format("20060102T150405Z")+".pdf", document)
	return nil
}

// reportPage is the page on which a report is found again.
type reportPage struct {
	page.Common
	Asked  bool
	Report inquiry.Report // Report.ID is nil when none was found
	Of     inquiry.Inquiry
	Found  bool
}

// findReport says whether a file whose SHA-256 is asked for is a report of ours.
func (s *Inquiries) findReport(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	data := &reportPage{Common: page.Common{Title: "cases.report.find", Trail: underInquiries, Current: inquiriesPath, Form: page.FilledForm(query), KeepQuery: []string{"empreinte"}}, Asked: query.Has("empreinte")}
	status := http.StatusOK
	if data.Asked {
		sum, err := hex.DecodeString(strings.ToLower(strings.Join(strings.Fields(query.Get("empreinte")), "")))
		if err != nil || len(sum) != 32 {
			data.Form.Fail("empreinte", "cases.report.not_hash")
			data.Asked, status = false, http.StatusUnprocessableEntity
		} else {
			data.Report, data.Of, err = s.Inquiries.ReportOf(r.Context(), at.Actor(), sum)
			data.Found = err == nil
			if err != nil && !errors.Is(err, db.ErrNotFound) {
				return refuseInquiry(err)
			}
		}
	}
	return s.Pages.Render(w, r, status, "inquiry/report.html", data)
}

// Digest is the SHA-256 of a report, as people compare it.
func (inquiryPage) Digest(sum []byte) string { return hex.EncodeToString(sum) }
