package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
)

func signer(t *testing.T, dir, kek string) *tree.Signer {
	t.Helper()
	s, err := LoadJournal(dir, kek)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ends are how often a key was ended in the database, which says where.
type ends struct{ n int }

func (e *ends) pass(*tree.Signer) (format.End, error) {
	e.n++
	return format.End{Size: int64(10 * e.n), Root: format.Hash{1}}, nil
}

func (e *ends) lose(before int, _ format.Key) (format.End, error) {
	if before != e.n {
		return format.End{}, errors.New("another number of keys ended")
	}
	return e.pass(nil)
}

func TestJournal_PassesOn(t *testing.T) {
	t.Parallel()
	dir, kek := whole(t)
	old := signer(t, dir, kek)
	var e ends
	if err := PassJournal(dir, kek, e.pass); !errors.Is(err, ErrNoNext) || e.n > 0 {
		t.Fatalf("passed to nobody: %v", err)
	}
	both, err := AnnounceJournal(dir, kek)
	if err != nil || both.VerifierKey() != old.VerifierKey() || both.Next() == nil {
		t.Fatalf("announced: %v", err)
	}
	if again, err := AnnounceJournal(dir, kek); err != nil || again.Next().VerifierKey() != both.Next().VerifierKey() {
		t.Errorf("announced another: %v", err)
	}
	if !isSealed(content(t, filepath.Join(dir, fileNext))) {
		t.Error("the next key is in clear")
	}
	if err := PassJournal(dir, kek, e.pass); err != nil || e.n != 1 {
		t.Fatalf("%d, %v", e.n, err)
	}
	s := signer(t, dir, kek)
	keys := s.Keys().All()
	if s.VerifierKey() != both.Next().VerifierKey() || s.Next() != nil || len(keys) != 2 || keys[1].VKey != old.VerifierKey() || keys[1].End.Size != 10 {
		t.Errorf("passed on to %+v", keys)
	}
	if _, err := Load(dir, kek); err != nil {
		t.Error(err)
	}
	if want := "former " + old.VerifierKey() + " 10 "; !strings.Contains(s.Policy(""), want) {
		t.Errorf("the policy is %s", s.Policy(""))
	}
}

// Interrupted after each step, the folder says so and nothing signs with it; the same command does the rest, and ends no key twice.
func TestJournal_PassInterrupted(t *testing.T) {
	t.Parallel()
	for _, steps := range []string{"a key was ended", "its end is written", "the next one is in its place"} {
		dir, kek := whole(t)
		both, err := AnnounceJournal(dir, kek)
		if err != nil {
			t.Fatal(err)
		}
		k, err := ReadKEK(kek)
		if err != nil {
			t.Fatal(err)
		}
		var e ends
		wanted := 1
		switch steps {
		case "a key was ended":
			interrupted := errors.New("interrupted")
			if err := PassJournal(dir, kek, func(*tree.Signer) (format.End, error) { return format.End{}, interrupted }); !errors.Is(err, interrupted) {
				t.Fatal(err)
			}
		case "the next one is in its place", "its end is written":
			wanted = 0
			if err := addFormer(dir, nil, format.Key{VKey: both.VerifierKey(), End: &format.End{Size: 3}}); err != nil {
				t.Fatal(err)
			}
			if steps == "the next one is in its place" {
				text, err := k.read(dir, fileNext)
				if err != nil {
					t.Fatal(err)
				}
				if err := k.write(dir, fileJournal, string(text)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Load(dir, kek); !errors.Is(err, ErrInterrupted) {
				t.Errorf("%s: loads: %v", steps, err)
			}
		}
		if err := PassJournal(dir, kek, e.pass); err != nil || e.n != wanted {
			t.Errorf("%s: ended %d, %v", steps, e.n, err)
		}
		if s := signer(t, dir, kek); s.VerifierKey() != both.Next().VerifierKey() || len(s.Keys().All()) != 2 {
			t.Errorf("%s: %d keys", steps, len(s.Keys().All()))
		}
	}
}

// A key that was lost is named by who knows its public half; one that is there may be ended at once too, and the next one with it.
func TestJournal_Replace(t *testing.T) {
	t.Parallel()
	dir, kek := whole(t)
	var e ends
	first := signer(t, dir, kek).VerifierKey()
	if err := os.Remove(filepath.Join(dir, fileJournal)); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, kek); err == nil || !strings.Contains(err.Error(), "replace") {
		t.Errorf("without the key: %v", err)
	}
	for _, vkey := range []string{"", "x", strings.Replace(first, testOrigin, "other.test/journal", 1)} {
		if err := ReplaceJournal(dir, kek, vkey, testOrigin, e.lose); err == nil || e.n > 0 {
			t.Fatalf("replaced %q: %v", vkey, err)
		}
	}
	if err := ReplaceJournal(dir, kek, first, testOrigin, e.lose); err != nil || e.n != 1 {
		t.Fatal(e.n, err)
	}
	second, err := AnnounceJournal(dir, kek)
	if err != nil || second.VerifierKey() == first {
		t.Fatal(err)
	}
	if err := ReplaceJournal(dir, kek, "", testOrigin, e.lose); err != nil || e.n != 2 {
		t.Fatal(e.n, err)
	}
	third := signer(t, dir, kek)
	keys := third.Keys().All()
	if len(keys) != 3 || keys[1].VKey != first || keys[2].VKey != second.VerifierKey() || keys[0].VKey == second.Next().VerifierKey() || third.Next() != nil {
		t.Errorf("keys %+v", keys)
	}
	// A key is not made in the place of one that was lost as if there had been none.
	if err := os.Rename(filepath.Join(dir, fileJournal), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	if made, err := Generate(dir, testOrigin, kek); !errors.Is(err, ErrJournalLost) || len(made) > 0 {
		t.Errorf("made %v: %v", made, err)
	}
	if err := os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, fileJournal)); err != nil {
		t.Fatal(err)
	}
	// Interrupted when the end was written, and the key not: the same command makes it, and ends no other.
	if err := os.Remove(filepath.Join(dir, fileJournal)); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceJournal(dir, kek, second.VerifierKey(), testOrigin, e.lose); err != nil || e.n != 2 {
		t.Errorf("again: %d, %v", e.n, err)
	}
	if s := signer(t, dir, kek); s.VerifierKey() == third.VerifierKey() || len(s.Keys().All()) != 3 {
		t.Error("the key was not made")
	}
}
