package evidence_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/evidence"
	"mandat/internal/token"
)

func names(claims []evidence.Claim) string {
	var out []string
	for _, c := range claims {
		out = append(out, c.Name)
	}
	return strings.Join(out, " ")
}

func TestVerify(t *testing.T) {
	t.Parallel()
	f := file(t, newPen(t))
	r, err := evidence.Verify(encode(t, f))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(r.Proven); got != "signed terms identified_by identified_at agreement shown shown shown" {
		t.Errorf("proven: %s", got)
	}
	if got := names(r.Declared); got != "key shown_at asked_at answered_at mandate draft organisation citizen aidant signed_at" {
		t.Errorf("declared: %s", got)
	}
	f.Assertion, f.Confirmed = nil, &evidence.Confirmed{Kind: "app", At: noon.Add(-time.Minute)}
	if r, err = evidence.Verify(encode(t, f)); err != nil || len(r.Proven) != 0 || !strings.HasSuffix(r.Declared[0].Value, "not signed") {
		t.Errorf("a code proves %v, declares %v, %v", r.Proven, r.Declared, err)
	}
}

// Every byte of a file is proven, declared or refused: one that is changed is refused, or what it declares reads otherwise.
func TestVerify_RefusesEveryChangedByte(t *testing.T) {
	t.Parallel()
	data := encode(t, file(t, newPen(t)))
	whole, err := evidence.Verify(data)
	if err != nil {
		t.Fatal(err)
	}
	entry := entryOf(t, whole)
	declared := map[string]bool{}
	for i := range data {
		for _, flip := range []byte{0x01, 0x20} {
			changed := bytes.Clone(data)
			changed[i] ^= flip
			r, err := evidence.Verify(changed)
			if err != nil {
				continue
			}
			if slices.Equal(r.Declared, whole.Declared) || !slices.Equal(r.Proven, whole.Proven) {
				t.Errorf("byte %d (%q) changed to %q: accepted", i, data[i], changed[i])
			}
			if r.Fits(entry) == nil {
				t.Errorf("byte %d changed, and the entry still fits", i)
			}
			for n, c := range r.Declared {
				if c != whole.Declared[n] {
					declared[c.Name] = true
				}
			}
		}
	}
	for _, name := range []string{"mandate", "aidant", "key", "signed_at"} {
		if !declared[name] {
			t.Errorf("%s changed, and nobody was told that it is only declared", name)
		}
	}
}

func TestVerify_NamesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	p := newPen(t)
	other := newPen(t)
	for want, change := range map[string]func(*evidence.File){
		"texts[1]: not what the terms say was shown": func(f *evidence.File) {
			f.Texts = slices.Clone(f.Texts)
			f.Texts[1].Bytes = []byte("<p>Autre chose.</p>")
		},
		"texts[0]: not what the terms say was shown": func(f *evidence.File) { f.Texts = []evidence.Text{f.Texts[1], f.Texts[0], f.Texts[2]} },
		"texts: there are 2, and the terms name 3":   func(f *evidence.File) { f.Texts = f.Texts[:2] },
		"texts: there are 0, and the terms name 0": func(f *evidence.File) {
			f.Texts, f.Terms = nil, terms(t, func(x *frozen) { x.Shown = nil })
		},
		`texts[0]: no form "loud"`: func(f *evidence.File) {
			f.Texts = []evidence.Text{{Lang: "fr", Form: "loud"}}
			f.Terms = terms(t, func(x *frozen) { x.Shown = []evidence.Shown{f.Texts[0].Shown()} })
		},
		"terms: no JSON object": func(f *evidence.File) { f.Terms = []byte(`null`) },
		"terms: no list shown":  func(f *evidence.File) { f.Terms = []byte(`{"version":1}`) },
		"circumstances: answered_at is after the signature": func(f *evidence.File) {
			f.Circumstances.AnsweredAt = before(-61 * time.Second)
		},
		"assertion, confirmed: there has to be one":            func(f *evidence.File) { f.Assertion = nil },
		"assertion, confirmed: there has to be one of the two": func(f *evidence.File) { f.Confirmed = &evidence.Confirmed{Kind: "app", At: noon} },
		"confirmed: after the signature": func(f *evidence.File) {
			f.Assertion, f.Confirmed = nil, &evidence.Confirmed{Kind: "app", At: noon.Add(61 * time.Second)}
		},
		"confirmed: no such kind": func(f *evidence.File) {
			f.Assertion, f.Confirmed = nil, &evidence.Confirmed{Kind: "word", At: noon}
		},
		"assertion: the key signed other terms, or another nonce": func(f *evidence.File) { f.Assertion.Nonce = token.Bytes(evidence.NonceSize) },
		"assertion: the nonce has not 32 bytes":                   func(f *evidence.File) { f.Assertion.Nonce = token.Bytes(31) },
		"assertion: the browser was on another origin":            func(f *evidence.File) { f.Assertion.Origin = "https://other.exemple.invalid" },
		"assertion: Error validating the authenticator response":  func(f *evidence.File) { f.Assertion.RPID = "exemple.invalid" },
		"assertion: Error validating the assertion signature":     func(f *evidence.File) { f.Assertion.PublicKey = other.public },
		"assertion: it cannot be read":                            func(f *evidence.File) { f.Assertion.CredentialID = nil },
	} {
		f := file(t, p)
		change(&f)
		if _, err := f.Encode(); err == nil || !strings.HasPrefix(err.Error(), "evidence: "+want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// What the key said of itself counts: not present, not checked, for another ceremony, on another site, in a frame.
func TestVerify_RefusesWhatTheKeySaid(t *testing.T) {
	t.Parallel()
	const flags = "Error validating the authenticator response"
	for name, c := range map[string]struct {
		want   string
		change func(*pen)
	}{
		"ceremony":  {"Error validating ceremony type", func(p *pen) { p.Type = "webauthn.create" }},
		"site":      {"the origin is none of the relying party's", func(p *pen) { p.Origin = "https://mandat.exemple.invalid.evil.invalid" }},
		"frame":     {"Error validating cross origin flag", func(p *pen) { p.CrossOrigin = true }},
		"unchecked": {flags, func(p *pen) { p.Verified = false }},
		"absent":    {flags, func(p *pen) { p.Present = false }},
	} {
		p := newPen(t)
		c.change(p)
		if _, err := file(t, p).Encode(); err == nil || !strings.HasPrefix(err.Error(), "evidence: assertion: "+c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
}

// A file has one spelling.
func TestVerify_RefusesAnotherSpelling(t *testing.T) {
	t.Parallel()
	data := encode(t, file(t, newPen(t)))
	var any map[string]json.RawMessage
	if err := json.Unmarshal(data, &any); err != nil {
		t.Fatal(err)
	}
	compact, err := json.Marshal(any)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string][]byte{
		"no JSON":     []byte("{"),
		"compact":     compact,
		"more after":  append(bytes.Clone(data), '{'),
		"member more": bytes.Replace(data, []byte("{\n"), []byte("{\n \"more\": 1,\n"), 1),
		"twice":       bytes.Replace(data, []byte("{\n"), []byte("{\n \"format\": \"mandat-evidence-v1\",\n"), 1),
		"other zone":  bytes.Replace(data, []byte("T12:00:00.123456Z"), []byte("T13:00:00.123456+01:00"), 1),
		"format":      bytes.Replace(data, []byte(evidence.Format), []byte("mandat-evidence-v2"), 1),
	} {
		if _, err := evidence.Verify(other); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// entryOf is the entry of a file.
func entryOf(t testing.TB, r evidence.Report) []byte {
	t.Helper()
	f := r.File
	body, err := json.Marshal(map[string]any{"action": "mandate.signed", "at": f.SignedAt, "organisation": f.Organisation, "citizen": f.Citizen, "mandate": f.Mandate,
		"by": map[string]any{"person": f.Aidant}, "detail": map[string]any{"draft": f.Draft, "terms_sha256": f.TermsSHA256, "evidence_sha256": r.SHA256}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestFits(t *testing.T) {
	t.Parallel()
	r, err := evidence.Verify(encode(t, file(t, newPen(t))))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Fits(entryOf(t, r)); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*evidence.Report){
		"mandate":      func(r *evidence.Report) { r.File.Mandate = uuid.New() },
		"file":         func(r *evidence.Report) { r.SHA256 = strings.Repeat("0", 64) },
		"terms":        func(r *evidence.Report) { r.File.TermsSHA256 = strings.Repeat("0", 64) },
		"aidant":       func(r *evidence.Report) { r.File.Aidant = uuid.New() },
		"organisation": func(r *evidence.Report) { r.File.Organisation = uuid.New() },
		"citizen":      func(r *evidence.Report) { r.File.Citizen = uuid.New() },
		"draft":        func(r *evidence.Report) { r.File.Draft = uuid.New() },
		"time":         func(r *evidence.Report) { r.File.SignedAt = noon.Add(time.Second) },
	} {
		other := r
		change(&other)
		if r.Fits(entryOf(t, other)) == nil {
			t.Errorf("%s: another entry fits", name)
		}
	}
	if r.Fits(bytes.Replace(entryOf(t, r), []byte("mandate.signed"), []byte("mandate.ended"), 1)) == nil || r.Fits([]byte("{")) == nil {
		t.Error("another action, or nonsense, fits")
	}
}

func FuzzVerify(f *testing.F) {
	p := newPen(f)
	signed := file(f, p)
	f.Add(encode(f, signed))
	signed.Assertion, signed.Confirmed = nil, &evidence.Confirmed{Kind: "card", At: noon}
	f.Add(encode(f, signed))
	f.Add([]byte(`{"format":"mandat-evidence-v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := evidence.Verify(data)
		if err != nil {
			return
		}
		again, err := r.File.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("accepted, and written otherwise: %v", err)
		}
	})
}

// FuzzAssertion puts files together of what somebody else may have made.
func FuzzAssertion(f *testing.F) {
	signed := file(f, newPen(f))
	a := signed.Assertion
	f.Add(signed.Terms, a.PublicKey, a.AuthenticatorData, a.ClientDataJSON, a.Signature)
	f.Fuzz(func(t *testing.T, terms, key, data, client, signature []byte) {
		g := signed
		g.Terms, g.Assertion = terms, &evidence.Assertion{Origin: a.Origin, RPID: a.RPID, CredentialID: a.CredentialID, PublicKey: key, Nonce: a.Nonce, AuthenticatorData: data,
			ClientDataJSON: client, Signature: signature}
		if _, err := g.Encode(); err == nil && (!bytes.Equal(terms, signed.Terms) || !bytes.Equal(client, a.ClientDataJSON) || !bytes.Equal(data, a.AuthenticatorData)) {
			t.Error("accepted what the key did not sign")
		}
	})
}
