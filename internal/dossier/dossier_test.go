package dossier_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"mandat/internal/attestation"
	"mandat/internal/consent"
	"mandat/internal/db"
	"mandat/internal/dossier"
	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/report"
	"mandat/internal/sitetest"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// counter is a citizen about whom there is something in every register, and another one, who is nobody's business.
type counter struct {
	*fixture.Telephone
	t        *testing.T
	dossiers *dossier.Register
	reports  *report.Register
	press    *attestation.Press
	mandate  mandate.Mandate
	other    mandate.Mandate
	request  uuid.UUID
}

const (
	number = "+33639980077"
	answer = "oui bien sûr"
	note   = "Envoyé avec la pièce jointe bleue"
	former = "angela.avant@exemple.invalid"
)

func open(t *testing.T) *counter {
	t.Helper()
	c := &counter{Telephone: fixture.New(t).Telephone(t), t: t}
	c.reports = report.New(c.DB, c.Journal, c.Mandates, c.Citizens, c.Clock)
	c.press = attestation.New(c.DB, c.Journal, c.Mandates, c.Citizens, sitetest.Sealer(t), attestation.Settings{BaseURL: "http://localhost", Phone: "1", Email: "x", Address: "y"}, c.Clock)
	c.dossiers = dossier.New(dossier.Parts{DB: c.DB, Journal: c.Journal, Citizens: c.Citizens, Mandates: c.Mandates, Drafts: c.Drafts, Reports: c.reports, Catalogue: c.Catalogue, Clock: c.Clock,
		Contact: dossier.Contact{Phone: "+33 1 99 00 11 22", Email: "contact@exemple.invalid", Address: "20 avenue de l’Essai"}})
	return c
}

// tell has everything happen to Angela that can.
func (c *counter) tell() *counter {
	c.t.Helper()
	c.mandate = c.Sign(c.t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	c.other = c.Sign(c.t, c.Jeanne, fixture.Citizen(7), fixture.Tax)
	c.issue(c.mandate.ID)
	c.issue(c.other.ID)
	c.Verify(c.t, c.Jeanne, c.mandate.Citizen, number)
	use, err := c.reports.Declare(c.t.Context(), c.Paul, c.mandate.ID, fixture.Tax, "", report.Telephone)
	if err == nil {
		err = c.reports.Close(c.t.Context(), c.Paul, c.mandate.ID, use, report.Given{Outcome: report.Done, Site: "impots.gouv.fr", Receipt: "R-2026-0042", Note: note, Supplied: true})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.ask()
	c.services()
	return c
}

func (c *counter) issue(id uuid.UUID) {
	c.t.Helper()
	if _, err := c.press.Issue(c.t.Context(), c.Jeanne, attestation.Sheet{Mandate: id, Kind: attestation.Given, Lang: "fr"}, mandate.PageDocument); err != nil {
		c.t.Fatal(err)
	}
}

// ask asks Angela by SMS about another mandate, and she answers.
func (c *counter) ask() {
	c.t.Helper()
	d := c.Recognised(c.t, c.Jeanne, c.mandate.Citizen)
	numbers, err := c.Phones.Of(c.t.Context(), c.Jeanne, c.mandate.Citizen)
	if err != nil {
		c.t.Fatal(err)
	}
	now := c.Clock.Now()
	c.request, err = c.Consents.Start(c.t.Context(), c.Jeanne, consent.Request{Draft: d.ID, Version: d.Version, Digest: token.Bytes(32), Begun: now.Add(time.Second), Until: now.Add(24 * time.Hour),
		Citizen: c.mandate.Citizen, Phone: numbers.Verified.ID, Procedures: []string{"Prime d’activité"}, EndsAt: now.AddDate(0, 1, 0), Lang: "fr"})
	if err != nil {
		c.t.Fatal(err)
	}
	c.Send(c.t, c.request)
	c.Answer(c.t, c.request, number, answer)
}

// services tells of Angela to services, and writes to her.
func (c *counter) services() {
	c.t.Helper()
	m, now := c.mandate, c.Clock.Now()
	c.Behind(c.t, `insert into idp_subject (citizen_id, sector, organisation_id, sub, created_at) values ($1, 'impots.exemple.invalid', $2, $3, $4)`, m.Citizen, c.Here, strings.Repeat("s", 43), now)
	c.Behind(c.t, `insert into decision_answer (client, organisation_id, person_id, citizen_id, procedure, case_ref, level, day, reason, mandate_id, answered_at)
		values ('caisse', $1, $2, $3, $4, '', 'act', $5::timestamptz, '', $6, $5)`, c.Here, c.Paul.Person, m.Citizen, fixture.Tax, now, m.ID)
	c.Behind(c.t, `insert into backchannel_session (login_id, organisation_id, person_id, mandate_id, procedure, case_ref, client, sub, opened_at) values ($1, $2, $3, $4, $5, '', 'mutuelle', 'x', $6)`,
		token.ID(), c.Here, c.Paul.Person, m.ID, fixture.Tax, now)
	c.Behind(c.t, `insert into mandate_end_told (mandate_id, organisation_id, person_id, told_at) values ($1, $2, $3, $4)`, m.ID, c.Here, c.Jeanne.Person, now)
	c.Behind(c.t, `insert into erasure_request (id, organisation_id, citizen_id, state, asked_at, asked_by, due_at, taken_back_at, taken_back_by) values ($1, $2, $3, 'taken_back', $4::timestamptz, $5, $4::timestamptz + interval '1 day', $4::timestamptz, $5)`,
		token.ID(), c.Here, m.Citizen, now, c.Paul.Person)
	c.Behind(c.t, `insert into unsealing (id, citizen_id, organisation_id, reason, state, asked_by, asked_at, expires_at, decided_by, decided_at, until, looks, looked_at)
		values ($1, $2, $3, 'complaint', 'granted', $4, $6::timestamptz, $6::timestamptz + interval '1 day', $5, $6::timestamptz, $6::timestamptz + interval '1 hour', 2, $6::timestamptz)`,
		token.ID(), m.Citizen, c.Here, c.Jeanne.Person, c.Paul.Person, now)
	c.Behind(c.t, `insert into citizen_mails_link (token_hash, organisation_id, citizen_id, made_at) values ($1, $2, $3, $4)`, token.Bytes(32), c.Here, m.Citizen, now)
	err := c.DB.Write(c.t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		_, key, err := c.Citizens.Whole(c.t.Context(), tx, c.Here, m.Citizen)
		if err != nil {
			return err
		}
		about := org.Message{Kind: "address_replaced", About: m.ID.String(), Citizen: m.Citizen, Mandate: m.ID, Former: string(key.Seal("citizen.former_address", []byte(former)))}
		return errors.Join(notify.Queue(tx, now, about), notify.Queue(tx, now, org.Message{Kind: "mandate_signed", About: m.ID.String(), Citizen: m.Citizen, Mandate: m.ID}))
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// handed is a bundle that was handed over, opened.
type handed struct {
	bytes []byte
	parts map[string][]byte
	page  string // its words
	data  dossier.File
}

func (c *counter) handOver(by journal.Actor, id uuid.UUID, lang string) handed {
	c.t.Helper()
	data, err := c.dossiers.HandOver(c.t.Context(), by, id, lang, dossier.SeenDocument)
	return c.opened(data, err)
}

// opened opens a bundle.
func (c *counter) opened(data []byte, err error) handed {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	h := handed{bytes: data, parts: map[string][]byte{}}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			c.t.Fatal(err)
		}
		if h.parts[f.Name], err = io.ReadAll(r); err != nil {
			c.t.Fatal(err)
		}
		if packed := f.Method == zip.Deflate; packed == strings.HasSuffix(f.Name, ".pdf") { // whose own streams are packed
			c.t.Errorf("%s is packed: %t", f.Name, packed)
		}
	}
	d := json.NewDecoder(bytes.NewReader(h.parts["donnees.json"]))
	if err := d.Decode(&h.data); err != nil {
		c.t.Fatal(err)
	}
	h.page = words(c.t, h.parts["a-lire.html"])
	return h
}

// words are the text of a page.
func words(t *testing.T, page []byte) string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			out.WriteString(n.Data)
		}
	}
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(out.String())
}

func TestHandOver_HasEverything(t *testing.T) {
	t.Parallel()
	c := open(t).tell()
	h := c.handOver(c.Jeanne, c.mandate.ID, "fr")
	angela := fixture.Angela()
	for _, want := range []string{"Tout ce que Maison France Services de démonstration garde sur vous", angela.FamilyName, angela.GivenName, angela.Email, "FranceConnect", number, "jeanne Fictif", "paul Fictif",
		"Mandat 1", "R-2026-0042", note, "impots.gouv.fr", answer, "vous propose un mandat", former, "impots.exemple.invalid", "caisse", "mutuelle", "demande retirée", "une plainte", "consulté 2 fois", "Mandat signé", "Votre numéro de téléphone a été vérifié",
		"contact@exemple.invalid", "CNIL", "pieces/mandat-1-attestation-fr.pdf"} {
		if !strings.Contains(h.page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, want := range []string{angela.Sub, strings.Repeat("s", 43), c.mandate.ID.String(), c.mandate.Citizen.String()} {
		if !bytes.Contains(h.parts["donnees.json"], []byte(want)) {
			t.Errorf("the data do not say %q", want)
		}
	}
	f := h.data
	if f.Format != dossier.Format || len(f.Drafts) == 0 || len(f.Drafts[0].Procedures) == 0 || len(f.Mandates) != 1 || len(f.Mandates[0].Powers) != 2 || len(f.Mandates[0].Uses) != 1 || len(f.Telephones) != 1 || len(f.Drafts) != 2 || len(f.Requests) != 1 ||
		len(f.Requests[0].Messages) < 2 || len(f.Mails) != 2 || len(f.Services) != 1 || len(f.Answers) != 1 || len(f.Sessions) != 1 || len(f.Entries) < 10 || f.EntriesLeft != 0 ||
		f.Mandates[0].Reminded.IsZero() || len(f.Erasures) != 1 || len(f.Unsealings) != 1 || len(f.Citizen.MailLinks) != 1 {
		t.Errorf("the data: %+v", f)
	}
	for _, p := range append(slices.Clone(f.Mandates[0].Powers), f.Drafts[0].Procedures...) {
		if known, ok := c.Catalogue.Find(p.Procedure); !ok || p.Name != known.Name.In("fr") {
			t.Errorf("%s is called %q", p.Procedure, p.Name)
		}
	}
	i := slices.IndexFunc(f.Entries, func(e dossier.Entry) bool { return e.Action == "power.declared" })
	if i < 0 || f.Entries[i].Name != "paul Fictif" || f.Entries[i].Kind != "aidant" || f.Entries[i].About != fixture.Tax || f.Entries[i].Of != 1 {
		t.Errorf("who used it, and for what, is not told: %+v", f.Entries)
	}
	c.attachments(h)
	if page := string(h.parts["a-lire.html"]); strings.Contains(page, "<script") || strings.Contains(page, "src=") || strings.Contains(page, "http://") || strings.Contains(page, "ZgotmplZ") {
		t.Error("the page needs or runs something")
	}
}

// attachments checks that the documents are those that were kept, byte for byte.
func (c *counter) attachments(h handed) {
	c.t.Helper()
	if len(h.data.Attachments) != 2 || len(h.parts) != 4 {
		c.t.Errorf("attachments %+v, %d parts", h.data.Attachments, len(h.parts))
	}
	for _, a := range h.data.Attachments {
		if sum := sha256.Sum256(h.parts[a.Name]); a.Name == "" || hex.EncodeToString(sum[:]) != a.SHA256 {
			c.t.Errorf("%s is not what was kept", a.Name)
		}
	}
	if _, err := evidence.Verify(h.parts["pieces/mandat-1-preuve.json"]); err != nil {
		c.t.Error(err)
	}
}

// Its entry tells what left, and nothing of what stands in it.
func TestHandOver_HasItsEntry(t *testing.T) {
	t.Parallel()
	c := open(t).tell()
	h := c.handOver(c.Paul, c.mandate.ID, "en")
	sum := sha256.Sum256(h.bytes)
	var body string
	var person, citizen uuid.UUID
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select body, person_id, citizen_id from journal_entry where action = 'dossier.handed_over'`).Scan(&body, &person, &citizen); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{hex.EncodeToString(sum[:]), `"seen":"document"`, `"lang":"en"`, `"requests_for_consent"`, `"attachments":2`} {
		if !strings.Contains(body, want) {
			t.Errorf("the entry does not say %s: %s", want, body)
		}
	}
	if person != c.Paul.Person || citizen != c.mandate.Citizen || strings.Contains(body, fixture.Angela().FamilyName) || strings.Contains(body, number) {
		t.Errorf("the entry: %s", body)
	}
	if !strings.Contains(h.page, "Everything that Maison") {
		t.Error("not in English")
	}
	again := c.handOver(c.Paul, c.mandate.ID, "fr") // the entry of the first stands in the second, which names nobody for it
	if i := slices.IndexFunc(again.data.Entries, func(e dossier.Entry) bool { return e.Action == "dossier.handed_over" }); i < 0 || again.data.Entries[i].Name != "" || again.data.Entries[i].Kind != "aidant" {
		t.Errorf("entries %+v", again.data.Entries[:2])
	}
	c.Content(t)
}

// An entry that says what none should, which whoever has the program's login can write, keeps nobody from their file: it is listed as what it is.
func TestHandOver_BesideAnOddEntry(t *testing.T) {
	t.Parallel()
	c := open(t).tell()
	write := func(body string, person *uuid.UUID) {
		t.Helper()
		if _, err := c.Connect(t, c.App).Exec(t.Context(), `insert into journal_entry (at, action, organisation_id, person_id, citizen_id, mandate_id, salt, body) values (now(), 'mandate.suspended', $1, $2, $3, $4, sha256('x'), $5)`,
			c.Here, person, c.mandate.Citizen, c.mandate.ID, body); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"by":{"kind":"aidant"},"detail":{"page":"mandate"}}`, nil)
	auditor, referent := c.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), c.Referent(t, c.Here, "odile")
	write(`{"by":{"kind":"auditor"}}`, &auditor.Person)
	write(`{"by":{"kind":"referent"}}`, &referent.Person)
	for _, body := range []string{`{}`, `{"by":5,"detail":"x"}`, `{"by":{"kind":[]},"detail":{"page":7}}`, `{"by":{"kind":"somebody"}}`} {
		if _, err := c.Connect(t, c.App).Exec(t.Context(), `insert into journal_entry (at, action, organisation_id, person_id, citizen_id, mandate_id, salt, body) values (now(), 'mandate.consulted', $1, $2, $3, $4, sha256('x'), $5)`,
			c.Here, c.Jeanne.Person, c.mandate.Citizen, c.mandate.ID, body); err != nil {
			t.Fatal(err)
		}
	}
	h := c.handOver(c.Jeanne, c.mandate.ID, "fr")
	kinds, names := map[string]int{}, map[string]string{}
	for _, e := range h.data.Entries {
		kinds[e.Kind]++
		if e.Action == "mandate.suspended" {
			names[e.Kind+" "+e.About] = e.Name
		}
	}
	if want := map[string]string{"aidant mandate": "", "auditor ": "", "referent ": "odile Fictif"}; !maps.Equal(names, want) {
		t.Errorf("named %v, want %v", names, want) // auditors never are
	}
	if kinds[""] != 3 || kinds["somebody"] != 1 || kinds["aidant"] == 0 {
		t.Errorf("entries by %v", kinds)
	}
}

// What belongs to another citizen, or to the same person elsewhere, is not in it.
func TestHandOver_HasNobodyElse(t *testing.T) {
	t.Parallel()
	c := open(t).tell()
	elsewhere := c.Sign(t, c.Ines, fixture.Angela(), fixture.Tax)
	h := c.handOver(c.Jeanne, c.mandate.ID, "fr")
	whole := string(h.parts["a-lire.html"]) + string(h.parts["donnees.json"])
	for _, no := range []string{fixture.Citizen(7).FamilyName, fixture.Citizen(7).Sub, c.other.ID.String(), c.other.Citizen.String(), elsewhere.ID.String(), elsewhere.Citizen.String(), "Un autre organisme", "ines Fictif"} {
		if strings.Contains(whole, no) {
			t.Errorf("it has %q", no)
		}
	}
	theirs := c.handOver(c.Ines, elsewhere.ID, "fr")
	for _, no := range []string{number, note, c.mandate.ID.String()} {
		if strings.Contains(string(theirs.parts["donnees.json"]), no) {
			t.Errorf("the other organisation's has %q", no)
		}
	}
}

func TestHandOver_Refuses(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.mandate = c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	late := c.Jeanne
	late.FactorAt = c.Clock.Now().Add(-org.FactorLife - time.Second)
	referent := c.Referent(t, c.Here, "odile")
	for what, x := range map[string]struct {
		by   journal.Actor
		seen string
		want error
	}{
		"another organisation":  {c.Ines, dossier.SeenKnown, db.ErrNotFound},
		"an old factor":         {late, dossier.SeenKnown, org.ErrFactorTooOld},
		"not said how":          {c.Jeanne, "", dossier.ErrSeen},
		"a referent, no aidant": {referent, dossier.SeenKnown, org.ErrMayNot},
	} {
		if data, err := c.dossiers.HandOver(t.Context(), x.by, c.mandate.ID, "fr", x.seen); !errors.Is(err, x.want) || data != nil {
			t.Errorf("%s: %d bytes, %v, want %v", what, len(data), err, x.want)
		}
	}
	// Who may not read is told no more of a mandate that there is not.
	if _, err := c.dossiers.HandOver(t.Context(), referent, token.ID(), "fr", dossier.SeenKnown); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("a mandate that there is not: %v", err)
	}
	// Another organisation's is not found, were there no policies of rows either.
	for _, table := range []string{"mandate", "mandate_power", "citizen", "attestation"} {
		if _, err := c.Connect(t, c.Superuser).Exec(t.Context(), `alter table `+table+` disable row level security`); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := c.dossiers.HandOver(t.Context(), c.Ines, c.mandate.ID, "fr", dossier.SeenKnown); !errors.Is(err, db.ErrNotFound) || data != nil {
		t.Errorf("without policies of rows: %v", err)
	}
	if n := c.entries(); n != 0 {
		t.Errorf("%d entries of what was refused", n)
	}
}

func (c *counter) entries() (n int) {
	c.t.Helper()
	if err := c.Connect(c.t, c.Superuser).QueryRow(c.t.Context(), `select count(*) from journal_entry where action = 'dossier.handed_over'`).Scan(&n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// Whoever carries an organisation's citizens away one by one is slowed down.
func TestHandOver_NotTooOften(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.mandate = c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	for range 10 {
		c.handOver(c.Jeanne, c.mandate.ID, "fr")
	}
	_, err := c.dossiers.HandOver(t.Context(), c.Jeanne, c.mandate.ID, "fr", dossier.SeenKnown)
	if _, often := errors.AsType[throttle.WaitError](err); !often {
		t.Errorf("the eleventh: %v", err)
	}
	c.handOver(c.Paul, c.mandate.ID, "fr")
	if n := c.entries(); n != 11 {
		t.Errorf("%d entries", n)
	}
}

// An entry that cannot be written is a file that does not leave.
func TestHandOver_NoEntryNoFile(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.mandate = c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	if _, err := c.Connect(t, c.Superuser).Exec(t.Context(), `revoke insert on journal_entry from mandat_app`); err != nil {
		t.Fatal(err)
	}
	if data, err := c.dossiers.HandOver(t.Context(), c.Jeanne, c.mandate.ID, "fr", dossier.SeenKnown); err == nil || data != nil {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// A document whose bytes are not those of its entry is not handed over as if it were.
func TestHandOver_HoldsDocumentsToTheirHashes(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.mandate = c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	c.issue(c.mandate.ID)
	c.Behind(t, `update attestation set sha256 = decode(repeat('00', 32), 'hex')`)
	if data, err := c.dossiers.HandOver(t.Context(), c.Jeanne, c.mandate.ID, "fr", dossier.SeenKnown); err == nil || data != nil {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// What is too large for the bundle is listed with its hash, and the page says that it is left out; what comes after it has a place still.
func TestHandOver_ListsWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.mandate = c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	c.issue(c.mandate.ID)
	if h := c.handOver(c.Jeanne, c.mandate.ID, "fr"); strings.Contains(h.page, "trop lourds") || len(h.parts) != 4 {
		t.Errorf("%d parts, of which some are too large", len(h.parts))
	}
	c.Behind(t, `alter table attestation drop constraint if exists attestation_document_check; update attestation set document = decode(repeat('00', 17 << 20), 'hex')`)
	h := c.handOver(c.Jeanne, c.mandate.ID, "fr")
	if !strings.Contains(h.page, "trop lourds pour ce fichier : 1.") || len(h.parts) != 3 || len(h.data.Attachments) != 2 || h.data.Attachments[0].Name != "" || h.data.Attachments[0].SHA256 == "" || h.data.Attachments[1].Name == "" {
		t.Errorf("%d parts, %+v", len(h.parts), h.data.Attachments)
	}
}
