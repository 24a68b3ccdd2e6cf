package certification_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/certs"
	"mandat/internal/db"
	"mandat/internal/pdf"
	"mandat/internal/prose"
)

func (w *world) press(t *testing.T) *certification.Press {
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
	return certification.NewPress(w.register, w.Directory, sealer, w.Clock)
}

// run runs an independent reader. One that is not installed is a failure.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v; run: apt-get install poppler-utils qpdf\n%s", program, err, out)
	}
	return string(out)
}

func TestPrint_SaysAndSealsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	press, leo := w.press(t), w.newcomer(t, "leo")
	if err := w.register.Grant(t.Context(), w.anne, leo.Person, w.course(20), w.test(10, 912)); err != nil {
		t.Fatal(err)
	}
	c := w.of(t, leo.Person)
	if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$`).MatchString(c.Number()) || w.of(t, w.Paul.Person).Number() == c.Number() {
		t.Errorf("the number is %q", c.Number())
	}
	for lang, title := range map[string]string{"fr": "Certificat d’aidant", "en": "Certificate of aidant"} {
		data, err := press.Print(t.Context(), leo.Person, lang)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "certificate.pdf")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "qpdf", "--check", name)
		if verdict := run(t, "pdfsig", "-nocert", name); !strings.Contains(verdict, "Signature is Valid") || !strings.Contains(verdict, "Total document signed") {
			t.Errorf("%s: pdfsig says:\n%s", lang, verdict)
		}
		if info := run(t, "pdfinfo", name); !regexp.MustCompile(`Tagged:\s+yes`).MatchString(info) || !regexp.MustCompile(`Pages:\s+1\b`).MatchString(info) {
			t.Errorf("%s: pdfinfo says:\n%s", lang, info)
		}
		text := squeeze(run(t, "pdftotext", name, "-"))
		for _, want := range []string{title, "leo Fictif", "Organisme d’essai", c.Number(), prose.DateTime(lang, c.CertifiedUntil), prose.DateTime(lang, c.CertifiedAt),
			prose.Day(lang, c.TrainedOn.Year(), c.TrainedOn.Month(), c.TrainedOn.Day()), prose.Day(lang, c.PassedOn.Year(), c.PassedOn.Month(), c.PassedOn.Day())} {
			if !strings.Contains(text, squeeze(want)) {
				t.Errorf("%s: it does not say %q", lang, want)
			}
		}
		for _, secret := range []string{leo.Person.String(), "leo@exemple", "912"} {
			if strings.Contains(text, squeeze(secret)) {
				t.Errorf("%s: it says %q", lang, secret)
			}
		}
	}
}

func squeeze(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), ""), "-", "")
}

func TestPrint_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	press, leo := w.press(t), w.newcomer(t, "leo")
	print := func(person uuid.UUID, lang string) error {
		_, err := press.Print(t.Context(), person, lang)
		return err
	}
	want := func(name string, got, want error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	want("to train", print(leo.Person, "fr"), certification.ErrNotCertified)
	want("nobody", print(uuid.New(), "fr"), db.ErrNotFound)
	want("another language", print(w.Paul.Person, "de"), certification.ErrLanguage)
	want("certified", print(w.Paul.Person, "fr"), nil)
	if err := w.register.Suspend(t.Context(), w.anne, w.Paul.Person); err != nil {
		t.Fatal(err)
	}
	want("suspended", print(w.Paul.Person, "fr"), certification.ErrSuspended)
	w.Clock.Advance(w.of(t, w.Jeanne.Person).CertifiedUntil.Sub(w.Clock.Now()))
	want("over", print(w.Jeanne.Person, "fr"), certification.ErrNotCertified)
}
