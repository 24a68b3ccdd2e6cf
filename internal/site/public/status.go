package public

import (
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"mandat/internal/attestation"
	"mandat/internal/page"
	"mandat/internal/throttle"
)

// statusPage is public/status.html, before something of the paper was shown and after.
type statusPage struct {
	page.Common
	Standing bool // told before
	Shown    bool // something was shown, and
	Right    bool // it was the paper's, or
	Wait     bool // nothing was checked
	Until    time.Time
	Proof    attestation.Proof
}

func newStatusPage() *statusPage {
	return &statusPage{Common: page.Common{Title: "public.status.title", NoIndex: true, Scripts: []string{"js/paper.js"}}}
}

const statusSheet = "public/status.html"

// showStatus says of a mandate whether it stands, and nothing more. A mandate that has ended and one that never was get
// the same page, byte for byte, by the same work.
func (s *Site) showStatus(w http.ResponseWriter, r *http.Request) error {
	p := newStatusPage()
	var err error
	if p.Standing, err = s.Press.Status(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, statusSheet, p)
}

// doCheck tells who shows the paper's control word, or the hash of its file, what the mandate permits and until when. A wrong word, a
// mandate that has ended and one that never was get the same page, byte for byte. The word comes in the body and stands in no address.
func (s *Site) doCheck(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	p := newStatusPage()
	p.Form = form
	shown := attestation.Shown{Word: form.Value("word")}
	if sum, err := hex.DecodeString(form.Value("sha256")); err == nil && len(sum) == 32 {
		shown.SHA256 = sum
	}
	if shown.Word == "" && shown.SHA256 == nil {
		form.Fail("word", "public.status.word_missing")
		return s.Pages.Render(w, r, http.StatusUnprocessableEntity, statusSheet, p)
	}
	p.Shown = true
	p.Proof, p.Right, err = s.Press.Check(r.Context(), r.PathValue("token"), shown, from(r))
	if wait, ok := errors.AsType[throttle.WaitError](err); ok {
		p.Wait, p.Until = true, wait.Until
		return s.Pages.Render(w, r, http.StatusTooManyRequests, statusSheet, p)
	}
	if err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, statusSheet, p)
}

// from is where the connection comes from; 0.0.0.0 when that cannot be told.
func from(r *http.Request) netip.Addr {
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return a.Addr()
	}
	return netip.IPv4Unspecified()
}
