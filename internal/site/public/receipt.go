package public

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/receipt"
	"mandat/internal/receipt/format"
)

// mountReceipts adds what is needed to check a mandate receipt: the page on which anybody does, and the keys and status lists for who does it alone.
func (s *Site) mountReceipts(r *page.Router) {
	r.Get("/recu", page.Public, s.showReceipt)
	r.Post("/recu", page.Public, s.checkReceipt)
	r.Get("/recus/cles", page.Public, s.sendReceiptKeys)
	r.Get("/recus/statuts/{list}", page.Public, s.sendStatusList)
}

// receiptPage is public/receipt.html, before a receipt was shown and after.
type receiptPage struct {
	page.Common
	Wrong       string // why what was shown is no receipt of ours: the last part of a key; "" before and for one that is
	Checked     bool   // it is one, and this is what it says
	Standing    string // stands, part, scheduled or nothing: the last part of a key
	Citizen     string // "" in a receipt for a service
	Birth       string
	Service     string // what people call it, "" in a citizen's
	Receipt     format.Receipt
	MadeAt      time.Time
	Powers      []receiptPower
	Attestation string // the SHA-256 of the PDF, "" if there was none
}

// receiptPower is a power in the words of one language, by the version of the catalogue that the receipt names.
type receiptPower struct {
	Name, Body, Level, Case, Standing string
	From, Until                       time.Time
}

func newReceiptPage() *receiptPage {
	return &receiptPage{Common: page.Common{Title: "recu.title", Trail: []page.Link{home}}}
}

const receiptSheet = "public/receipt.html"

func (s *Site) showReceipt(w http.ResponseWriter, r *http.Request) error {
	return s.Pages.Render(w, r, http.StatusOK, receiptSheet, newReceiptPage())
}

// checkReceipt says what a receipt is worth that somebody pastes or sends. It is read, answered and forgotten: nothing of it is kept or logged.
func (s *Site) checkReceipt(w http.ResponseWriter, r *http.Request) error {
	form, file, err := page.ParseUpload(r, "file")
	if err != nil {
		return err
	}
	p := newReceiptPage()
	p.Form, p.Here = form, "/recu"
	text := form.Value("receipt")
	if text == "" {
		text = string(file)
	}
	if strings.TrimSpace(text) == "" {
		form.Fail("receipt", "recu.missing")
		return s.Pages.Render(w, r, http.StatusUnprocessableEntity, receiptSheet, p)
	}
	found, err := s.Receipts.Check(r.Context(), text)
	if p.Wrong = whyNot(err); p.Wrong == "" {
		if err != nil {
			return err
		}
		p.tell(found, page.Lang(r))
		if p.Service != "" {
			if p.Service, err = s.Clients.Name(r.Context(), p.Service); err != nil {
				return err
			}
		}
	}
	return s.Pages.Render(w, r, http.StatusOK, receiptSheet, p)
}

// whyNot says why something is no receipt of ours, as the last part of a key; "" for what is one, and for an error of another kind.
func whyNot(err error) string {
	switch {
	case errors.Is(err, format.ErrMalformed), errors.Is(err, format.ErrType):
		return "none"
	case errors.Is(err, format.ErrKey):
		return "foreign"
	case errors.Is(err, format.ErrSignature), errors.Is(err, format.ErrClaims):
		return "changed"
	}
	return ""
}

// tell puts a receipt into the words of a page.
func (p *receiptPage) tell(c receipt.Checked, lang string) {
	p.Checked, p.Receipt, p.MadeAt, p.Service, p.Attestation = true, c.Receipt, c.Issued(), c.Audience, c.Attestation
	if x := c.Citizen; x != nil {
		who := citizen.Identity{GivenName: x.GivenName, FamilyName: x.FamilyName, PreferredUsername: x.UsageName, Birthdate: x.Birthdate}
		p.Citizen, p.Birth = who.FullName(), who.BirthdateText(lang)
	}
	catalogue, known := procedure.Version(c.Catalogue)
	count := map[format.Standing]int{}
	for i, power := range c.Powers {
		line := receiptPower{Name: power.Procedure, Level: power.Level, Case: power.Case, Standing: string(c.Standings[i]), From: power.Begins(), Until: power.Ends()}
		if known {
			if x, ok := catalogue.Find(power.Procedure); ok {
				line.Name, line.Body = x.Name.In(lang), x.Body.In(lang)
			}
		}
		if !slices.Contains(procedure.Levels(), procedure.Level(power.Level)) {
			line.Level = "" // of a later version of this program
		}
		count[c.Standings[i]]++
		p.Powers = append(p.Powers, line)
	}
	switch len(p.Powers) {
	case count[format.Stands]:
		p.Standing = "stands"
	case count[format.Scheduled]:
		p.Standing = "scheduled"
	case count[format.Suspended]:
		p.Standing = "suspended"
	case count[format.Over] + count[format.Ended]:
		p.Standing = "nothing"
	default:
		p.Standing = "part"
	}
}

// sendReceiptKeys sends the keys that sign receipts and lists (RFC 7517), and nothing else. They may be kept an hour: the next key is published
// long before it signs.
func (s *Site) sendReceiptKeys(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	return sendBytes(w, s.Receipts.JWKS())
}

// sendStatusList sends a list of what has ended (draft-ietf-oauth-status-list).
func (s *Site) sendStatusList(w http.ResponseWriter, r *http.Request) error {
	list, err := strconv.ParseUint(r.PathValue("list"), 10, 16)
	if err != nil || strconv.FormatUint(list, 10) != r.PathValue("list") { // one address for each list
		return db.ErrNotFound
	}
	text, err := s.Receipts.List(r.Context(), int(list))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/statuslist+jwt")
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(receipt.ListKept/time.Second)))
	return sendBytes(w, []byte(text))
}
