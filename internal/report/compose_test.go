package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/attestation"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/report"
	"mandat/internal/token"
	"mandat/internal/unsealing"
)

func (w *world) compose(t *testing.T, by journal.Actor, m mandate.Mandate, lang string) report.Report {
	t.Helper()
	r, err := w.Reports.Compose(t.Context(), by, m.ID, lang)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// said is what a report says, in lines.
func said(r report.Report) string {
	lines := []string{r.Title}
	for _, b := range append([]attestation.Block{r.Parties, r.Note}, r.Body...) {
		lines = append(lines, b.Text)
		lines = append(lines, b.Items...)
		for _, row := range b.Rows {
			lines = append(lines, row[0]+" = "+row[1])
		}
	}
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(strings.Join(lines, "\n"))
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in\n%s", w, text)
		}
	}
}

func TestCompose_TellsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	empty := w.compose(t, w.Jeanne, m, "fr")
	wantWords(t, said(empty), "Compte rendu du mandat", "Angela Claire Louise DUBOIS", "24 août 1962", "Maison France Services", "Ce mandat n’a pas été utilisé.", "Ce qui n’a jamais été utilisé",
		"Déclaré par le professionnel", "Mandat confirmé par code le = ", "Prend fin le")
	if len(empty.Uses) != 0 || empty.Body[0].Kind != attestation.Paragraph {
		t.Errorf("an unused mandate: %+v", empty)
	}

	first := w.use(t, w.Jeanne, m, fixture.Tax)
	_, err := w.Reports.Declare(t.Context(), w.Paul, m.ID, fixture.Tax, "", report.Telephone)
	wantErr(t, err, nil)
	wantErr(t, w.Reports.Close(t.Context(), w.Jeanne, m.ID, first, report.Given{Outcome: report.Refused, Site: "impots.gouv.fr"}), nil)
	corrected := done
	corrected.After = 1
	wantErr(t, w.Reports.Close(t.Context(), w.Paul, m.ID, first, corrected), nil)
	full := w.compose(t, w.Jeanne, m, "fr")
	wantWords(t, said(full), "Ce mandat a été utilisé 2 fois. Pour une utilisation, le compte rendu n’est pas encore écrit", "Résultat = C’est fait", "Site = impots.gouv.fr",
		"Numéro de récépissé = R-2026-0042", "Précisions = Envoyé", "Informations fournies par la personne = Oui", "Par = jeanne Fictif", "Compte rendu corrigé = le ", "par paul Fictif",
		"Comment = Par téléphone", "Résultat = Compte rendu pas encore écrit", "Demande d’aide au logement")
	if strings.Contains(said(full), "Refusé par l’organisme") {
		t.Error("what was corrected is told as if it counted")
	}
	if len(full.Uses) != 2 || full.Uses[0].ID != first || bytes.Equal(full.SHA256, empty.SHA256) {
		t.Errorf("uses %+v", full.Uses)
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	english := w.compose(t, w.Paul, m, "en")
	wantWords(t, said(english), "Account of the mandate", "Mandate confirmed by code on = ", "This mandate was used 2 times.", "Ended on", "Outcome = Done", "By telephone", "never used")
	if !bytes.Equal(english.SHA256, w.compose(t, w.Jeanne, m, "en").SHA256) {
		t.Error("the same report has two digests")
	}
}

func TestCompose_OfAMandatePastItsDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.Clock.Advance(40 * 24 * time.Hour)
	wantWords(t, said(w.compose(t, w.Jeanne, m, "fr")), "A pris fin le")
}

// What is no entry of ours, which whoever has the program's login can write, is not taken for a handing over, nor hides one.
func TestLastHanded_BesideAnOddEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	shown := w.compose(t, w.Jeanne, m, "fr")
	wantErr(t, w.Reports.HandOver(t.Context(), w.Jeanne, m.ID, "fr", shown.SHA256), nil)
	for _, odd := range []string{`{}`, `{"detail":"x"}`, `{"detail":{"sha256":7}}`, `{"detail":{"sha256":"no","lang":[]}}`} {
		_, err := w.Connect(t, w.App).Exec(t.Context(), `insert into journal_entry (at, action, organisation_id, person_id, citizen_id, mandate_id, salt, body) values (now(), 'report.handed_over', $1, $2, $3, $4, sha256('x'), $5)`,
			w.Here, w.Jeanne.Person, m.Citizen, m.ID, odd)
		wantErr(t, err, nil)
		if h, err := w.Reports.LastHanded(t.Context(), w.Jeanne, m.ID); err != nil || h.At.IsZero() || !bytes.Equal(h.SHA256, shown.SHA256) || h.Lang != "fr" {
			t.Errorf("behind %s: %+v, %v", odd, h, err)
		}
	}
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at(t, 9)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.use(t, w.Jeanne, m, fixture.Tax)
	shown := w.compose(t, w.Jeanne, m, "fr")
	handed := func() report.Handed {
		t.Helper()
		h, err := w.Reports.LastHanded(t.Context(), w.Jeanne, m.ID)
		wantErr(t, err, nil)
		return h
	}
	if h := handed(); !h.At.IsZero() || h.SHA256 != nil {
		t.Errorf("handed over by nobody: %+v", h)
	}
	wantErr(t, w.Reports.HandOver(t.Context(), w.Jeanne, m.ID, "en", shown.SHA256), report.ErrChanged) // it was shown in French
	wantErr(t, w.Reports.HandOver(t.Context(), w.Jeanne, m.ID, "fr", token.Bytes(32)), report.ErrChanged)
	wantErr(t, w.Reports.HandOver(t.Context(), w.Ines, m.ID, "fr", shown.SHA256), db.ErrNotFound)
	wantErr(t, w.Reports.HandOver(t.Context(), w.Newcomer(t, journal.Aidant, w.Here, "nora", org.RoleAidant), m.ID, "fr", shown.SHA256), org.ErrMayNot)
	wantErr(t, w.Reports.HandOver(t.Context(), w.Jeanne, m.ID, "fr", shown.SHA256), nil)
	if h := handed(); h.At.IsZero() || !bytes.Equal(h.SHA256, shown.SHA256) || h.Lang != "fr" {
		t.Errorf("handed over: %+v", h)
	}
	w.Clock.Advance(24 * time.Hour)
	if again := w.compose(t, w.Jeanne, m, "fr"); !bytes.Equal(again.SHA256, shown.SHA256) || again.Note.Text == shown.Note.Text {
		t.Error("another day makes another report, or is not told")
	}
	w.use(t, w.Jeanne, m, fixture.Tax)
	wantErr(t, w.Reports.HandOver(t.Context(), w.Jeanne, m.ID, "fr", shown.SHA256), report.ErrChanged)
	bodies := w.bodies(t)
	if !strings.Contains(bodies, `"report.handed_over"`) || strings.Count(bodies, `"report.handed_over"`) != 1 || strings.Contains(bodies, "DUBOIS") {
		t.Error("one entry, which names nobody, is expected")
	}
	w.same(t)
}

// The citizen is told of each time that an auditor was let see who they are, in the words of its reason's kind, looked at or not; and not of what was not granted.
func TestCompose_TellsWhoSawTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	register := unsealing.New(w.DB, w.Journal, w.Keys, w.Citizens, w.Clock)
	sofia, alma := w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), w.Newcomer(t, journal.Auditor, uuid.Nil, "alma")
	before := w.compose(t, w.Jeanne, m, "fr")
	ask := func(reason string) uuid.UUID {
		t.Helper()
		id, err := register.Ask(t.Context(), sofia, unsealing.Question{Citizen: m.Citizen, Reason: reason, Words: "Une phrase qui explique pourquoi, et que personne ne lit ici."})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	id := ask(unsealing.Complaint)
	if again := w.compose(t, w.Jeanne, m, "fr"); !bytes.Equal(again.SHA256, before.SHA256) {
		t.Error("what was only asked changes the account")
	}
	if err := register.Grant(t.Context(), alma, id); err != nil {
		t.Fatal(err)
	}
	wantWords(t, said(w.compose(t, w.Jeanne, m, "fr")), "Qui a vu le nom de la personne", "pour ce motif : une réclamation. Le nom n’a pas été regardé.")
	for range 2 {
		if _, err := register.Look(t.Context(), sofia, id); err != nil {
			t.Fatal(err)
		}
	}
	text := said(w.compose(t, w.Jeanne, m, "fr"))
	wantWords(t, text, "Le nom a été regardé 2 fois, la dernière le ")
	if strings.Contains(text, "Une phrase qui explique") {
		t.Error("the words of the reason stand in the account")
	}
	english := said(w.compose(t, w.Jeanne, m, "en"))
	wantWords(t, english, "Who saw the person’s name", "for this reason: a complaint.", "looked at 2 times")
	for _, reason := range unsealing.Reasons() {
		if reason != unsealing.Complaint {
			if err := register.Grant(t.Context(), alma, ask(reason)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, lang := range []string{"fr", "en"} {
		if text := said(w.compose(t, w.Jeanne, m, lang)); strings.Contains(text, ": . ") || strings.Contains(text, "%!") {
			t.Errorf("a reason has no words: %s", text)
		}
	}
	other := w.Sign(t, w.Ines, fixture.Angela(), fixture.Tax)
	if text := said(w.compose(t, w.Ines, other, "fr")); strings.Contains(text, "Qui a vu le nom") {
		t.Error("another organisation's account tells it")
	}
}
