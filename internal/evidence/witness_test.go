package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/evidence"
	"mandat/internal/token"
)

var second = uuid.MustParse("01928f4e-0000-7000-8000-000000000002")

// with is evidence whose terms have these members too, and show these texts too.
func with(t testing.TB, p *pen, members string, more ...evidence.Text) evidence.File {
	t.Helper()
	f := file(t, p)
	f.Texts = slices.Concat(texts, more)
	var shown []evidence.Shown
	for _, text := range f.Texts {
		shown = append(shown, text.Shown())
	}
	list, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	f.Terms = []byte(`{"version":2,"salt":"00ff",` + members + `"agreement":{"lang":"fr"},"shown":` + string(list) + `,"later":{"é":"<\u003c"}}`)
	f.Assertion = p.sign(t, token.Bytes(evidence.NonceSize), f.Terms)
	return f
}

func witnessed(person uuid.UUID, at time.Time) string {
	return `"witness":{"person":"` + person.String() + `","at":"` + at.Format(time.RFC3339Nano) + `"},`
}

// Who attested, and the digest of what: the terms without how the agreement came about, member for member.
func TestVerify_NamesTheWitnessAndTheirTerms(t *testing.T) {
	t.Parallel()
	p := newPen(t)
	f := with(t, p, witnessed(second, *before(time.Minute)))
	r, err := evidence.Verify(encode(t, f))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(`{"version":2,"salt":"00ff","later":{"é":"<\u003c"}}`))
	attested := hex.EncodeToString(sum[:])
	if r.Witness != second || r.Attested != attested {
		t.Errorf("%s attested %s, want %s", r.Witness, r.Attested, attested)
	}
	i := slices.IndexFunc(r.Proven, func(c evidence.Claim) bool { return c.Name == "witness" })
	if i < 0 || !strings.Contains(r.Proven[i].Value, attested) || !strings.Contains(r.Proven[i].Value, second.String()) {
		t.Errorf("proven: %v", r.Proven)
	}
	entry := func(witness uuid.UUID, attested string) []byte {
		return bytes.Replace(entryOf(t, r), []byte(`"detail":{`), []byte(`"detail":{"witness":"`+witness.String()+`","witnessed_sha256":"`+attested+`",`), 1)
	}
	if err := r.Fits(entry(second, attested)); err != nil {
		t.Error(err)
	}
	for name, body := range map[string][]byte{"another witness": entry(uuid.New(), attested), "other terms": entry(second, strings.Repeat("0", 64)), "none": entryOf(t, r)} {
		if err := r.Fits(body); err == nil || !strings.Contains(err.Error(), "witness") {
			t.Errorf("%s fits: %v", name, err)
		}
	}
}

func TestVerify_RefusesAnImpossibleWitness(t *testing.T) {
	t.Parallel()
	p := newPen(t)
	for want, f := range map[string]evidence.File{
		"terms: the witness came after the signature": with(t, p, witnessed(second, noon.Add(61*time.Second))),
		"terms: witness cannot be read":               with(t, p, `"witness":{"person":"nobody"},`),
	} {
		if _, err := f.Encode(); err == nil || err.Error() != "evidence: "+want {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	own := with(t, p, witnessed(second, noon))
	own.Aidant = second
	if _, err := own.Encode(); err == nil || !strings.Contains(err.Error(), "their own witness") {
		t.Errorf("their own witness: %v", err)
	}
	nobody := with(t, p, `"witness":{},`)
	if _, err := nobody.Encode(); err == nil || !strings.Contains(err.Error(), "witness cannot be read") {
		t.Errorf("nobody: %v", err)
	}
}

func sms(kind, text string) evidence.Text {
	return evidence.Text{Lang: "fr", Form: evidence.SMS, Template: kind, MediaType: "text/plain; charset=utf-8", Bytes: []byte(text)}
}

// Messages are those of an agreement by SMS: what was asked, then one answer, and when.
func TestVerify_Messages(t *testing.T) {
	t.Parallel()
	p := newPen(t)
	const by = `"consent_by":"sms",`
	asked, again, answer := sms("request", "Êtes-vous d'accord ?"), sms("again", "Répondez seulement OUI ou NON."), sms(evidence.Answer, "Oui, merci !")
	r, err := evidence.Verify(encode(t, with(t, p, by, asked, again, answer)))
	if err != nil || strings.Count(names(r.Proven), "shown") != len(texts)+3 {
		t.Errorf("proven %s, %v", names(r.Proven), err)
	}
	for want, f := range map[string]evidence.File{
		"texts: messages, and the agreement was not given by SMS":                  with(t, p, `"consent_by":"colleague",`, asked, answer),
		"texts: of the messages the last, and no other, has to be the answer":      with(t, p, by, asked, answer, again),
		"texts: an answer, and no question":                                        with(t, p, by, answer),
		"circumstances: messages, and not when they were asked and answered":       timeless(with(t, p, by, asked, answer)),
		"texts[4]: not what the terms say was shown":                               otherwise(with(t, p, by, asked, answer)),
		"texts: there are 4, and the terms name 5":                                 shortened(with(t, p, by, asked, answer)),
		"texts: of the messages the last, and no other, has to be the answer ":     with(t, p, by, asked, again),
		"texts: of the messages the last, and no other, has to be the answer (2) ": with(t, p, by, asked, answer, answer),
	} {
		want, _, _ = strings.Cut(strings.TrimRight(want, " "), " (2)")
		if _, err := f.Encode(); err == nil || err.Error() != "evidence: "+want {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func timeless(f evidence.File) evidence.File {
	f.Circumstances.AnsweredAt = nil
	return f
}

func otherwise(f evidence.File) evidence.File {
	f.Texts = slices.Clone(f.Texts)
	f.Texts[len(f.Texts)-1].Bytes = []byte("Non, merci !")
	return f
}

func shortened(f evidence.File) evidence.File {
	f.Texts = f.Texts[:len(f.Texts)-1]
	return f
}
