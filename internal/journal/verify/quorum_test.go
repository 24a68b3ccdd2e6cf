package verify

import (
	"strings"
	"testing"

	"mandat/internal/journal/format"
)

// Two of three bodies, and one of two others: every set of witnesses is asked about, with their cosignatures and by their names.
func TestQuorum_OfGroups(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	text := "log " + s.VerifierKey() + "\n"
	var all []testWitness
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w := newWitness(t)
		all = append(all, w)
		text += "witness " + name + " " + w.vkey + " https://" + name + ".example/w/\n"
	}
	text += "group bodies 2 a b c\ngroup others any d e\ngroup enough all bodies others\nquorum enough\n"
	p, err := ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(7, format.Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	for set := range 1 << len(all) {
		note, names := signed, ""
		for i, w := range all {
			if set>>i&1 == 1 {
				note = w.cosign(t, note)
				names += string(rune('a' + i))
			}
		}
		bodies := strings.Count(names, "a") + strings.Count(names, "b") + strings.Count(names, "c")
		want := bodies >= 2 && strings.ContainsAny(names, "de")
		if got := p.Keys().Quorum().Satisfied(note); got != want {
			t.Errorf("cosigned by %q: %t", names, got)
		}
		if got := p.Reaches(func(w Witness) bool { return strings.Contains(names, w.Name) }); got != want {
			t.Errorf("if %q cosigned: %t", names, got)
		}
		if _, _, err := p.open(note); (err == nil) != want {
			t.Errorf("opened with %q: %v", names, err)
		}
		if _, _, err := p.signed(note); err != nil {
			t.Errorf("the log's own signature, with %q: %v", names, err)
		}
	}
	spoiled := strings.Replace(string(all[3].cosign(t, all[1].cosign(t, all[0].cosign(t, signed)))), "\n7\n", "\n8\n", 1)
	if p.Keys().Quorum().Satisfied([]byte(spoiled)) {
		t.Error("cosignatures over another tree count")
	}
}

func TestWitness_Submission(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{"https://w.example": "https://w.example/add-checkpoint", "http://127.0.0.1:8470/": "http://127.0.0.1:8470/add-checkpoint", "https://w.example/mandat/": "https://w.example/mandat/add-checkpoint",
		"": "", "w.example": "", "ftp://w.example": "", "https://user@w.example": "", "https://w.example/?a": "", "https://": ""} {
		got, err := Witness{Name: "w", URL: url}.Submission()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", url, got, err)
		}
	}
}
