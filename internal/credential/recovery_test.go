package credential_test

import (
	"errors"
	"strings"
	"testing"

	"mandat/internal/credential"
	"mandat/internal/journal"
)

func TestRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	if _, err := w.factors.MakeRecovery(t.Context(), by); !errors.Is(err, credential.ErrNoFactor) {
		t.Errorf("codes to recover nothing: %v", err)
	}
	w.enrol(t, by, newKey(t), "clé")
	codes, err := w.factors.MakeRecovery(t.Context(), w.fresh(by))
	if err != nil || len(codes) != 10 {
		t.Fatal(codes, err)
	}
	seen := map[string]bool{}
	for _, c := range codes {
		if len(c) != 19 || seen[c] || strings.Count(c, "-") != 3 {
			t.Errorf("%d characters, seen %v", len(c), seen[c])
		}
		seen[c] = true
	}
	given, err := w.code(t, by, " "+strings.ToLower(strings.ReplaceAll(codes[3], "-", " ")))
	if err != nil || given.Kind != credential.KindRecovery || given.Person != by.Person || given.At.IsZero() {
		t.Errorf("%+v, %v", given, err)
	}
	for what, typed := range map[string]string{"again": codes[3], "none": "AAAA-BBBB-CCCC-DDDD"} {
		if _, err := w.code(t, by, typed); !errors.Is(err, credential.ErrWrong) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.code(t, w.Paul, codes[4]); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("somebody else's: %v", err)
	}
	if f, err := w.factors.Factors(t.Context(), by.Person); err != nil || f.RecoveryLeft != 9 || f.RecoveryAt.IsZero() {
		t.Errorf("%+v, %v", f, err)
	}
	var actor, person string
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select body::jsonb #>> '{by,kind}', person_id::text from journal_entry where action = 'factor.recovery_used'`).
		Scan(&actor, &person); err != nil || actor != string(journal.Aidant) || person != by.Person.String() {
		t.Errorf("it was used by %s %s, %v", actor, person, err)
	}
	if w.told["recovery_used"] != 1 {
		t.Errorf("told %v", w.told)
	}
	again, err := w.factors.MakeRecovery(t.Context(), w.fresh(by))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.code(t, by, codes[5]); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("of the set before: %v", err)
	}
	if _, err := w.code(t, by, again[0]); err != nil {
		t.Error(err)
	}
	// Who used it stands in the details too, so that the entries of before, which name the program, tell the same.
	by.Kind = journal.System
	if _, err := w.code(t, by, again[1]); err != nil {
		t.Error(err)
	}
	w.sound(t)
}
