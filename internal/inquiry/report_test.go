package inquiry_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certs"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/org"
	"mandat/internal/page/pagetest"
	"mandat/internal/pdf"
	"mandat/internal/site/auditor"
	"mandat/internal/throttle"
)

// press makes reports as the program does.
func (w *world) press(t *testing.T) *inquiry.Press {
	t.Helper()
	return w.pressOf(t, w.in.Log())
}

func (w *world) pressOf(t *testing.T, log *tree.Log) *inquiry.Press {
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
	pages := pagetest.Pages(t)
	return inquiry.NewPress(w.register, journal.NewReader(w.OpenAuditor(t)), log, w.keys, sealer, inquiry.Words{Text: pages.Text, Meaning: auditor.Meaning(pages)})
}

// reads is what a reader that nobody here wrote finds in a sealed file, on one line; it fails the test unless the seal is whole.
func reads(t *testing.T, file []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "rapport.pdf")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdfsig", "-nocert", name).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Signature is Valid")) || !bytes.Contains(out, []byte("Total document signed")) {
		t.Errorf("pdfsig: %v, %s", err, out)
	}
	text, err := exec.Command("pdftotext", "-layout", name, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v; run: apt-get install poppler-utils", err)
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// says fails the test unless a text has all of these, each on one line.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, strings.Join(strings.Fields(word), " ")) {
			t.Errorf("%q is not in %s", word, text)
		}
	}
}

func silent(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(text, strings.Join(strings.Fields(word), " ")) {
			t.Errorf("%q is in %s", word, text)
		}
	}
}

const (
	noted  = "Note pour les auditeurs : à rapprocher du dossier précédent."
	ground = "L’urgence est établie, mais le mandat reste suspendu le temps d’une formation."
	excuse = "L’aidante était d’astreinte ce dimanche ; la personne l’a appelée."
)

// The paper of an inquiry has what is in it, each in its place, by pseudonyms; before the decision it says that it is provisional. Its SHA-256 is that of the entry, by which it is
// found again.
func TestReport_SaysWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	press := w.press(t)
	q, finding := w.found(t, inquiry.Grave)
	for _, err := range []error{w.register.Attach(t.Context(), w.alma, q, 0), w.register.SetAside(t.Context(), w.alma, q, 0, "Cette écriture est sans rapport, après vérification."), w.register.Note(t.Context(), w.tom, q, noted+" ✓")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	jeanne, mandate := journal.Pseudonym(w.Jeanne.Person)+", dans la", "Le mandat "+journal.Pseudonym(w.m.ID)
	undecided := []string{"Rapport provisoire", "Rien n’est décidé.", "Attendue avant", "en vigueur · jusqu’à la décision · depuis le"}
	if err := w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: inquiry.OfPersonThere}, words); err != nil {
		t.Fatal(err)
	}
	file, made, err := press.Make(t.Context(), w.sofia, q, "fr")
	if err != nil {
		t.Fatal(err)
	}
	first := reads(t, file)
	says(t, first, append(undecided, "Constat grave", words, noted+" [U+2713]", "Ouvert à partir de l’écriture de rang "+strconv.FormatInt(w.signed, 10), "Jointe le", "Écartée : Cette écriture est sans rapport", jeanne, "par "+journal.Pseudonym(w.sofia.Person),
		"Professionnel concerné "+journal.Pseudonym(w.Jeanne.Person), "Mandat concerné "+journal.Pseudonym(w.m.ID), "Signature mandat.test/journal ")...)
	silent(t, first, "Clos le", "effacé)", "Le texte de cette écriture est effacé", "Aucune", "Aucun ", mandate)
	if strings.Count(first, "sans rapport, après") != 1 || strings.Count(first, "jusqu’au ") != 1 { // of the mandate alone
		t.Errorf("why an entry was set aside stands twice, or a suspension has ended: %s", first)
	}
	if sum := sha256.Sum256(file); !bytes.Equal(sum[:], made.SHA256) || made.State != inquiry.Found {
		t.Errorf("%+v", made)
	}
	if err := w.register.Reply(t.Context(), w.odile, finding, excuse); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Decide(t.Context(), w.fresh(w.alma), q, inquiry.Decision{Outcome: inquiry.Suspension, Words: ground, Orders: []inquiry.Order{{Finding: finding, Kind: inquiry.OfMandate}}}); err != nil {
		t.Fatal(err)
	}
	for lang, title := range map[string]string{"fr": "Rapport du dossier n° ", "en": "Report of case no. "} {
		if file, made, err = press.Make(t.Context(), w.alma, q, lang); err != nil {
			t.Fatal(err)
		}
		whole := reads(t, file)
		says(t, whole, title+w.look(t, q).Name(), words, noted, excuse, ground, journal.Pseudonym(w.alma.Person), made.ID.String(), "mandat.test/journal")
		silent(t, whole, append(undecided, "DUBOIS", "Angela", "provisional", w.m.Citizen.String())...)
		if strings.Count(whole, "reste suspendu le temps") != 1 {
			t.Errorf("the grounds stand twice: %s", whole)
		}
		if lang == "fr" {
			says(t, whole, "Rapport sur ce que les auditeurs ont examiné", mandate, "en vigueur · depuis le", jeanne, "terminée · jusqu’à la décision · depuis le")
			if strings.Count(whole, "jusqu’au ") != 2 {
				t.Errorf("a suspension has not ended: %s", whole)
			}
		}
		var commitment []byte
		w.row(t, `select commitment from journal_leaf where index = $1`, []any{w.signed}, &commitment)
		if !strings.Contains(strings.ReplaceAll(whole, " ", ""), hex.EncodeToString(commitment)) {
			t.Errorf("no commitment in %s", whole)
		}
		if n := w.count(t, `select count(*) from journal_entry where action = 'inquiry.reported' and person_id = $1 and body::jsonb #>> '{detail,sha256}' = $2 and body::jsonb #>> '{detail,report}' = $3`,
			w.alma.Person, hex.EncodeToString(made.SHA256), made.ID.String()); n != 1 {
			t.Errorf("%d entries have the SHA-256", n)
		}
		found, of, err := w.register.ReportOf(t.Context(), w.tom, made.SHA256)
		if err != nil || found.ID != made.ID || of.ID != q {
			t.Errorf("found again: %+v, %v", found, err)
		}
	}
	if all := w.look(t, q).Reports; len(all) != 3 || all[0].State != inquiry.Found || all[2].State != inquiry.Decided {
		t.Errorf("%+v", all)
	}
	file[len(file)/2] ^= 1
	other := sha256.Sum256(file)
	if _, _, err := w.register.ReportOf(t.Context(), w.tom, other[:]); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("of a file with another byte: %v", err)
	}
	w.sound(t)
}

// A referent has the paper of what was decided about their organisation, and nothing of what is others': no notes, no entry of others, no auditor's pseudonym, and the grounds only of
// a decision that is about their organisation alone.
func TestReport_ThatAnOrganisationHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	press := w.press(t)
	q, finding := w.found(t, inquiry.Minor)
	if _, _, err := press.MakeThere(t.Context(), w.odile, finding, "fr"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("before the decision: %v", err)
	}
	var others int64
	w.row(t, `select min(l.index) from journal_leaf l join journal_entry e on e.id = l.entry_id where e.organisation_id = $1`, []any{w.Elsewhere}, &others)
	if err := w.register.Attach(t.Context(), w.sofia, q, others); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Note(t.Context(), w.tom, q, noted); err != nil {
		t.Fatal(err)
	}
	decide := func(outcome string, orders ...inquiry.Order) {
		t.Helper()
		w.Clock.Advance(inquiry.ReplyTerm)
		if err := w.register.Decide(t.Context(), w.fresh(w.alma), q, inquiry.Decision{Outcome: outcome, Words: ground, Orders: orders}); err != nil {
			t.Fatal(err)
		}
	}
	decide(inquiry.Warning)
	text := func() string {
		t.Helper()
		file, made, err := press.MakeThere(t.Context(), w.odile, finding, "fr")
		if err != nil {
			t.Fatal(err)
		}
		if n := w.count(t, `select count(*) from journal_entry where action = 'inquiry.reported' and person_id = $1 and organisation_id = $2 and body::jsonb #>> '{detail,sha256}' = $3`, w.odile.Person, w.Here, hex.EncodeToString(made.SHA256)); n != 1 {
			t.Errorf("%d entries", n)
		}
		return reads(t, file)
	}
	theirs := text()
	says(t, theirs, words, ground, "Avertissement", "rang "+strconv.FormatInt(w.signed, 10), journal.Pseudonym(w.m.ID))
	silent(t, theirs, "Notes", "Ouvert à partir de", "Jointe le", "par "+journal.Pseudonym(w.odile.Person), noted, "rang "+strconv.FormatInt(others, 10)+" ", journal.Pseudonym(w.sofia.Person), journal.Pseudonym(w.alma.Person), "DUBOIS")
	if err := w.register.Reopen(t.Context(), w.sofia, q, words); err != nil {
		t.Fatal(err)
	}
	const alone = "Ce qui est constaté ici ne concerne que l’autre structure."
	var orders []inquiry.Order
	for _, f := range []inquiry.Finding{{Gravity: inquiry.Minor, Organisation: w.Elsewhere, Person: w.Ines.Person, Words: alone}, {Gravity: inquiry.Minor, Organisation: w.Here, Person: w.Paul.Person, Words: "La même chose s’est produite une seconde fois."}} {
		id, err := w.register.Find(t.Context(), w.sofia, q, f)
		if err != nil {
			t.Fatal(err)
		}
		orders = append(orders, inquiry.Order{Finding: id, Kind: inquiry.OfPersonThere})
	}
	decide(inquiry.Suspension, orders...)
	both := text()
	says(t, both, "seconde fois", "Les motifs parlent aussi", ground, journal.Pseudonym(w.Paul.Person))
	silent(t, both, alone, journal.Pseudonym(w.Elsewhere), journal.Pseudonym(w.Ines.Person))
	if strings.Count(both, "reste suspendu le temps") != 1 {
		t.Errorf("the grounds of the second decision, which is about others too, are told: %s", both)
	}
	w.sound(t)
}

// What recipients read about an organisation, and what the program found for auditors, is in no paper of its referents; nor is what auditors attached since the decision: they look into that.
func TestReport_ThatAnOrganisationHas_NothingThatIsAuditors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	press := w.press(t)
	prune, felix := w.Newcomer(t, journal.Prefecture, uuid.Nil, "prune"), w.Newcomer(t, journal.Fraud, uuid.Nil, "felix")
	q, finding := w.found(t, inquiry.Minor)
	attach := func(by journal.Actor, e journal.Event) (place string) {
		t.Helper()
		var index int64
		for _, err := range []error{w.Journal.Record(t.Context(), by, func(*journal.Tx) (journal.Event, error) { return e, nil }), w.in.CatchUp(t.Context())} {
			if err != nil {
				t.Fatal(err)
			}
		}
		w.row(t, `select max(l.index) from journal_leaf l join journal_entry e on e.id = l.entry_id where e.action = $1`, []any{e.Action}, &index)
		if err := w.register.Attach(t.Context(), w.sofia, q, index); err != nil {
			t.Fatal(err)
		}
		return "rang " + strconv.FormatInt(index, 10) + " "
	}
	theirs := []string{
		attach(prune, journal.Event{Action: "recipient.viewed", Organisation: w.Here, Detail: map[string]any{"page": "organisation"}}),
		attach(felix, journal.Event{Action: "recipient.searched", Organisation: w.Here, Citizen: w.m.Citizen, Detail: map[string]any{"filters": []string{"sub"}, "results": 1, "query_sha256": "00"}}),
		attach(journal.Program(), journal.Event{Action: "anomaly.found", Organisation: w.Here, Detail: map[string]any{"alert": uuid.NewString(), "rule": "hours", "version": 1, "person": w.Jeanne.Person.String(), "day": "2026-11-01", "entries": []int{1}}}),
	}
	shown := attach(w.Jeanne, journal.Event{Action: "mandate.consulted", Citizen: w.m.Citizen, Mandate: w.m.ID, Detail: map[string]any{"page": "mandate"}})
	aside := attach(w.Jeanne, journal.Event{Action: "mandate.exported", Citizen: w.m.Citizen, Mandate: w.m.ID})
	var index int64
	w.row(t, `select max(l.index) from journal_leaf l`, nil, &index)
	if err := w.register.SetAside(t.Context(), w.sofia, q, index, words); err != nil {
		t.Fatal(err)
	}
	const nothing, undecided = "Rien à redire sur ce second point, examiné de près.", "Constaté depuis, et personne n’en a encore décidé."
	if _, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.None, Organisation: w.Here, Words: nothing}); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(inquiry.ReplyTerm)
	if err := w.decide(t, w.alma, q, inquiry.Warning); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	if err := w.register.Reopen(t.Context(), w.sofia, q, words); err != nil {
		t.Fatal(err)
	}
	theirs = append(theirs, aside, nothing, undecided, attach(w.Jeanne, journal.Event{Action: "mandate.listed", Detail: map[string]any{"mandates": 3}}))
	if _, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.Minor, Organisation: w.Here, Words: undecided}); err != nil {
		t.Fatal(err)
	}
	file, _, err := press.MakeThere(t.Context(), w.odile, finding, "fr")
	if err != nil {
		t.Fatal(err)
	}
	text := reads(t, file)
	says(t, text, shown, "État Décidé")
	silent(t, text, theirs...)
}

// Who may not make a report has none, and leaves no entry.
func TestReport_Refusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	press := w.press(t)
	q, finding := w.found(t, inquiry.Minor)
	w.Clock.Advance(inquiry.ReplyTerm)
	if err := w.decide(t, w.alma, q, inquiry.Warning); err != nil {
		t.Fatal(err)
	}
	none, err := w.register.Find(t.Context(), w.tom, w.open(t).ID, inquiry.Finding{Gravity: inquiry.None, Organisation: w.Here, Words: words})
	if err != nil {
		t.Fatal(err)
	}
	whole := func(by journal.Actor, id uuid.UUID, lang string) error {
		_, _, err := press.Make(t.Context(), by, id, lang)
		return err
	}
	there := func(by journal.Actor, id uuid.UUID, lang string) error {
		_, _, err := press.MakeThere(t.Context(), by, id, lang)
		return err
	}
	for name, c := range map[string]struct{ got, want error }{
		"by a referent":                       {whole(w.odile, q, "fr"), org.ErrMayNot},
		"by an aidant":                        {whole(w.Jeanne, q, "fr"), org.ErrMayNot},
		"of no inquiry":                       {whole(w.sofia, uuid.New(), "fr"), db.ErrNotFound},
		"in another language":                 {whole(w.sofia, q, "ar"), inquiry.ErrLanguage},
		"another organisation's":              {there(w.irene, finding, "fr"), db.ErrNotFound},
		"an organisation's, by an aidant":     {there(w.Jeanne, finding, "fr"), org.ErrMayNot},
		"an organisation's, by an auditor":    {there(w.sofia, finding, "fr"), org.ErrMayNot},
		"of what nobody is told":              {there(w.odile, none, "fr"), db.ErrNotFound},
		"an organisation's, another language": {there(w.odile, finding, "ar"), inquiry.ErrLanguage},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if _, _, err := w.register.ReportOf(t.Context(), w.odile, make([]byte, 32)); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("found by a referent: %v", err)
	}
	if n := w.count(t, `select count(*) from inquiry_report`); n != 0 {
		t.Errorf("%d reports", n)
	}
	var often error
	for range 21 {
		if often = there(w.odile, finding, "fr"); often != nil {
			break
		}
	}
	if _, ok := errors.AsType[throttle.WaitError](often); !ok {
		t.Errorf("many in a row: %v", often)
	}
}

// Of whom was erased the paper says that their entries are forgotten, and has no word of theirs.
func TestReport_OfSomebodyErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	press := w.press(t)
	q, _ := w.found(t, inquiry.Minor)
	w.Clock.Advance(inquiry.ReplyTerm)
	if err := w.decide(t, w.alma, q, inquiry.Warning); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Close(t.Context(), w.alma, q); err != nil {
		t.Fatal(err)
	}
	if err := w.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		inquiry.Forget(tx, w.m.Citizen)
		return journal.Event{Action: "journal.compared"}, nil
	}); err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `delete from journal_entry where citizen_id = $1`, w.m.Citizen)
	file, _, err := press.Make(t.Context(), w.sofia, q, "fr")
	if err != nil {
		t.Fatal(err)
	}
	text := reads(t, file)
	says(t, text, "Le texte de cette écriture est effacé", "Clos le", "Aucune note.", "Aucune suspension.", "Aucune réponse dans le délai", "(texte effacé)", "Constat léger", "rang "+strconv.FormatInt(w.signed, 10))
	silent(t, text, words, journal.Pseudonym(w.m.Citizen), fixture.Angela().GivenName)
}
