package counter

import (
	"html"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/attestation"
	"mandat/internal/certs"
	"mandat/internal/citizen"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/pdf"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/sitetest"
	"mandat/internal/terms"
)

func transferPages() []shownPage {
	asked := func(p transferPage) func() page.Page {
		return func() page.Page {
			p.Title, p.Trail, p.Current = "transfer.title", []page.Link{home}, newTerms
			return &p
		}
	}
	empty := page.FilledForm(url.Values{"address": {"x"}})
	empty.Fail("address", "transfer.missing.address")
	empty.Fail("word", "transfer.missing.word")
	out := []shownPage{{"counter/transfer.html", "new", asked(transferPage{})}, {"counter/transfer.html", "empty", asked(transferPage{Common: page.Common{Form: empty}})},
		{"counter/transfer.html", "wait", asked(transferPage{Why: "wait", Until: signedAt})}}
	for _, why := range []string{"wrong", "own", "ended", "old"} {
		out = append(out, shownPage{"counter/transfer.html", why, asked(transferPage{Why: why})})
	}
	boxed := func(form *page.Form, b transferBox, resumed bool) func() page.Page {
		b.Transferred = terms.Transferred{Organisation: house.Name, SignedAt: signedAt}
		return func() page.Page {
			return filled(form, "fr", func(p *termsPage) { p.Transfer, p.Resumed = &b, resumed })
		}
	}
	return append(out, shownPage{"counter/terms.html", "offered", boxed(nil, transferBox{Offer: "AAAA", Until: endsAt, Gone: []string{"Déclaration de revenus"}}, false)},
		shownPage{"counter/terms.html", "transfers", boxed(entered(terms.Terms{Powers: []terms.Asked{{Procedure: tax.Key, Level: procedure.Act}}, Days: 31}), transferBox{}, true)})
}

// paper is a mandate that Angela gave Jeanne's organisation, with its paper.
type paper struct {
	*counter
	mandate mandate.Mandate
	printed attestation.Document
	ines    *browser // an aidant of another organisation
}

func newPaper(t *testing.T) *paper {
	t.Helper()
	c := newCounter(t)
	p := &paper{counter: c, mandate: c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing), ines: c.visit(t, c.Ines, session.Aidant, c.Clock.Now())}
	p.printed = p.print(t, c.Jeanne, p.mandate)
	return p
}

// newPress makes a press for papers.
func newPress(t *testing.T, o *sitetest.Office) *attestation.Press {
	t.Helper()
	authority, err := certs.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	seal, err := certs.NewSeal(authority, "Mandat", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := pdf.NewSealer(seal.Key, seal.Chain, "Mandat")
	if err != nil {
		t.Fatal(err)
	}
	return attestation.New(o.DB, o.Journal, o.Mandates, o.Citizens, sealer, attestation.Settings{BaseURL: "https://mandat.exemple.invalid"}, o.Clock)
}

func (p *paper) print(t *testing.T, by journal.Actor, m mandate.Mandate) attestation.Document {
	t.Helper()
	d, err := p.press.Issue(t.Context(), by, attestation.Sheet{Mandate: m.ID, Kind: attestation.Given, Lang: "fr"}, mandate.PageDocument)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// show types what is printed on the paper.
func (p *paper) show(b *browser) sitetest.Answer {
	return b.Post(transferPath, "address", p.printed.StatusURL, "word", strings.ToUpper(p.printed.Word))
}

var offerShown = regexp.MustCompile(`name="transfert" value="([^"]+)"`)

// begin shows the paper, and begins the draft that it proposes.
func (p *paper) begin(t *testing.T) string {
	t.Helper()
	b := p.ines
	a := b.Want(p.show(b), 303)
	body := b.Want(b.Get(a.Location), 200, "prend fin quand celui-ci commence", "Maison France Services").Body
	for _, there := range []string{`value="` + fixture.Tax + `" checked`, `value="` + fixture.Housing + `" checked`} {
		if !strings.Contains(body, there) {
			t.Errorf("%q is not proposed", there)
		}
	}
	if strings.Contains(body, "DUBOIS") || strings.Contains(body, "Angela") {
		t.Error("the page names the citizen")
	}
	offer := offerShown.FindStringSubmatch(body)
	if offer == nil {
		t.Fatal("the page forgets which mandate ends")
	}
	fields := []string{"transfert", html.UnescapeString(offer[1]), "procedures", fixture.Tax, "days", "31"}
	again := b.Want(b.Post("/mandats/nouveau", fields...), 422).Body
	if !strings.Contains(again, offer[0]) {
		t.Error("a mistake loses which mandate ends")
	}
	m := draftPath.FindStringSubmatch(b.Want(b.Post("/mandats/nouveau", append(fields, "no_protection", "on", "informed", "on")...), 303).Location)
	if m == nil {
		t.Fatal("no draft")
	}
	return "/brouillons/" + m[1]
}

// identified lets FranceConnect tell who is at the other organisation's counter.
func (p *paper) identified(t *testing.T, draft string, who citizen.Identity) {
	t.Helper()
	err := p.Drafts.Identify(t.Context(), p.ines.By, draftID(draft), who, p.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
}

func TestTransfer_FromThePaperToTheSignature(t *testing.T) {
	t.Parallel()
	p := newPaper(t)
	b := p.ines
	b.Want(b.Get(newTerms), 200, `href="/mandats/transfert"`)
	draft := p.begin(t)
	b.Want(b.Get(draft), 200, "Ce mandat met fin à un autre")
	p.identified(t, draft, fixture.Angela())
	b.Want(b.Get(draft+"/recapitulatif"), 200, "prend fin quand celui-ci commence", "Maison France Services")
	a := b.Want(b.sign(draft, "agreed", "on"), 303)
	if !strings.HasPrefix(a.Location, "/mandats/") {
		t.Fatalf("signed leads to %s", a.Location)
	}
	p.wantRows(t, 1, `select count(*) from mandate where transfers = $1 and organisation_id = $2`, p.mandate.ID, p.Elsewhere)
	p.wantRows(t, 1, `select count(*) from mandate where id = $1 and state = 'standing'`, p.mandate.ID)
	if err := p.Mandates.EndTransferred(t.Context(), uuid.MustParse(strings.TrimPrefix(a.Location, "/mandats/"))); err != nil {
		t.Fatal(err)
	}
	page := p.jeanne(t).Want(p.jeanne(t).Get("/mandats/"+p.mandate.ID.String()), 200, "Passé à un autre organisme").Body
	if strings.Contains(page, "Un autre organisme") {
		t.Error("the organisation before is told where the mandate went")
	}
	end, err := p.press.Issue(t.Context(), p.Jeanne, attestation.Sheet{Mandate: p.mandate.ID, Kind: attestation.Ended, Lang: "fr"}, mandate.PageDocument)
	if err != nil || !slices.ContainsFunc(end.Words, func(b attestation.Block) bool {
		return slices.ContainsFunc(b.Rows, func(row [2]string) bool { return strings.Contains(row[1], "passé à une autre structure") })
	}) {
		t.Errorf("the certificate of the end says %v, %v", end.Words, err)
	}
	b.Want(p.show(b), 422, "n’est pas celui d’un mandat en cours")
}

// Somebody else is told why nothing is signed, and what to do, before anything is read to them.
func TestTransfer_SomebodyElse(t *testing.T) {
	t.Parallel()
	p := newPaper(t)
	b := p.ines
	draft := p.begin(t)
	p.identified(t, draft, fixture.Citizen(5))
	a := b.Want(b.Get(draft+"/recapitulatif"), 303)
	refused := b.Want(b.Get(a.Location), 200, "n’est pas celle qui a donné l’ancien mandat", "comme pour l’ancien mandat")
	for _, a := range []sitetest.Answer{refused, b.Want(b.Get(a.Location), 200)} {
		b.Without(a, "Vous pouvez vérifier et signer")
	}
	p.wantRows(t, 0, `select count(*) from mandate where organisation_id = $1`, p.Elsewhere)
}

func TestTransfer_Refusals(t *testing.T) {
	t.Parallel()
	p := newPaper(t)
	b, jeanne := p.ines, p.jeanne(t)
	b.Want(b.Get(transferPath), 200, "Mot de contrôle")
	b.Want(b.Post(transferPath, "address", "", "word", ""), 422, "Écrivez l’adresse", "Écrivez le mot de contrôle")
	jeanne.Want(p.show(jeanne), 409, "Ce mandat est celui de votre structure")
	wrong := b.Want(b.Post(transferPath, "address", p.printed.StatusURL, "word", "lune-lune-lune-lune"), 422, "n’est pas celui d’un mandat en cours").Body
	unknown := b.Want(b.Post(transferPath, "address", "https://mandat.exemple.invalid/v/AAAAAAAAAAAAAAAAAAAAAA", "word", "lune-lune-lune-lune"), 422).Body
	without := func(body, address string) string { return strings.ReplaceAll(body, html.EscapeString(address), "") }
	if without(wrong, p.printed.StatusURL) != without(unknown, "https://mandat.exemple.invalid/v/AAAAAAAAAAAAAAAAAAAAAA") {
		t.Error("a wrong word and an unknown address can be told apart")
	}
	b.Want(b.Get(newTerms+"?transfert=AAAA"), 409, "à montrer de nouveau")
	location := b.Want(p.show(b), 303).Location
	jeanne.Want(jeanne.Get(location), 409, "à montrer de nouveau")
	if err := p.Mandates.End(t.Context(), p.Jeanne, p.mandate.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Get(location), 409, "vient de prendre fin")
	b.Want(p.show(b), 422, "n’est pas celui d’un mandat en cours")
}

// Who is signed in may try no more often than anybody on the public page; their tries and those of strangers keep each other waiting no longer.
func TestTransfer_GuessesAreSlowed(t *testing.T) {
	t.Parallel()
	p := newPaper(t)
	b := p.ines
	for range 6 {
		b.Want(b.Post(transferPath, "address", p.printed.StatusURL, "word", "lune-lune-lune-lune"), 422)
	}
	b.Want(p.show(b), 429, "Trop d’essais")
	tok := p.printed.StatusURL[strings.LastIndex(p.printed.StatusURL, "/")+1:]
	if _, _, err := p.press.Check(t.Context(), tok, attestation.Shown{Word: p.printed.Word}, netip.IPv4Unspecified()); err != nil {
		t.Errorf("the public page: %v", err)
	}
}

// What the new organisation does not do is not proposed, and said.
func TestTransfer_OfWhatIsNotDoneHere(t *testing.T) {
	t.Parallel()
	p := newPaper(t)
	p.Behind(t, `update organisation set procedures = $2 where id = $1`, p.Elsewhere, []string{fixture.Housing})
	b := p.ines
	body := b.Want(b.Get(b.Want(p.show(b), 303).Location), 200, "que votre structure ne fait pas").Body
	if strings.Contains(body, `value="`+fixture.Tax+`"`) || !strings.Contains(body, `value="`+fixture.Housing+`" checked`) {
		t.Error("what is proposed is not what may be done here")
	}
}
