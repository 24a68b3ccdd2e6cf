package attestation

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/certs"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/pdf"
)

// service is what documents say of the service in tests.
var service = Settings{BaseURL: "https://mandat.exemple.invalid", Phone: "+33 1 99 00 11 22", Email: "contact@exemple.invalid", Address: "Service Mandat, 20 avenue de l’Essai, 75007 Paris"}

// world is a fixture with a press.
type world struct {
	*fixture.World
	press *Press
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: fixture.New(t)}
	w.press = w.newPress(t, service)
	return w
}

func (w *world) newPress(t *testing.T, s Settings) *Press {
	t.Helper()
	seal, err := certs.NewSeal(authority, "Mandat", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := pdf.NewSealer(seal.Key, seal.Chain, "Mandat")
	if err != nil {
		t.Fatal(err)
	}
	return New(w.DB, w.Journal, w.Mandates, w.Citizens, sealer, s, w.Clock)
}

// given is the attestation of a mandate in normal print.
func given(id uuid.UUID, lang string) Sheet {
	return Sheet{Mandate: id, Kind: Given, Size: Normal, Lang: lang}
}

func (w *world) issue(t *testing.T, by journal.Actor, id uuid.UUID, lang string) Document {
	t.Helper()
	return w.issueSheet(t, by, given(id, lang))
}

func (w *world) issueSheet(t *testing.T, by journal.Actor, s Sheet) Document {
	t.Helper()
	d, err := w.press.Issue(t.Context(), by, s, mandate.PageDocument)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// token is the last part of the public address.
func (d Document) tokenIn(t *testing.T) string {
	t.Helper()
	tok, ok := strings.CutPrefix(d.StatusURL, service.BaseURL+"/v/")
	if !ok || len(tok) != 22 {
		t.Fatalf("the public address is %q", d.StatusURL)
	}
	return tok
}

// newSigned is a world with a mandate that Angela gave Jeanne for her taxes.
func newSigned(t *testing.T) (*world, mandate.Mandate) {
	t.Helper()
	w := newWorld(t)
	return w, w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
}

// entries are the bodies of the entries attestation.issued of a mandate.
func (w *world) entries(t *testing.T, id uuid.UUID) []map[string]any {
	t.Helper()
	var out []map[string]any
	err := w.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `select body from journal_entry where mandate_id = $1 and action = 'attestation.issued' order by id`, id)
		if err != nil {
			return err
		}
		bodies, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, body := range bodies {
			m := map[string]any{}
			if err := json.Unmarshal([]byte(body), &m); err != nil {
				return err
			}
			out = append(out, m)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// file writes a document where other programs can read it.
func file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs an independent reader. One that is not installed is a failure.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%v; run: apt-get install poppler-utils qpdf zbar-tools", err)
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

func textOf(t *testing.T, d Document) string {
	t.Helper()
	return run(t, "pdftotext", file(t, "attestation.pdf", d.Bytes), "-")
}

// says reports whether a text holds some words, wherever lines are broken and hyphens dropped.
func says(text, words string) bool { return strings.Contains(squeeze(text), squeeze(words)) }

func squeeze(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), ""), "-", "")
}

// wordsOf is all the text of some words.
func wordsOf(words []Block) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w.Text + "\n")
		if w.Word != "" {
			b.WriteString(w.Word + "\n")
		}
		for _, item := range w.Items {
			b.WriteString("- " + item + "\n")
		}
		for _, row := range w.Rows {
			b.WriteString(row[0] + " | " + strings.ReplaceAll(row[1], "\n", " / ") + "\n")
		}
	}
	return b.String()
}

func sum(b []byte) []byte {
	s := sha256.Sum256(b)
	return s[:]
}

func (w *world) wantEntries(t *testing.T, want int, id uuid.UUID) {
	t.Helper()
	if got := len(w.entries(t, id)); got != want {
		t.Errorf("%d entries of documents of one mandate, want %d", got, want)
	}
}
