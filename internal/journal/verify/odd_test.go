package verify

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"mandat/internal/journal/format"
)

// Somebody who got an entry into the log that says what none should hides nothing by it: it is named when nothing else is wrong, and what else is wrong is named before it, also behind it.
func TestLog_OddEntriesHideNothing(t *testing.T) {
	t.Parallel()
	const size, at, behind = perFile + 40, 20, perFile + 12
	for what, detail := range map[string]string{
		"not canonical":                `"b":1,"a":2`,
		"no JSON":                      `"n":`,
		"no time":                      `x","at":"never","by":"` + ` "n":1`,
		"accounts for what is to come": `entries.forgotten "forgotten":["65599"]`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSyntheticOf(t, size, 997, func(i int) (string, bool) {
				switch i {
				case at:
					return detail, false
				case perFile: // so that it is read fast
					return `entries.forgotten "forgotten":["100-65000"]`, false
				}
				return fmt.Sprintf(`"n":%d`, i), i >= 100 && i <= 65000
			})
			part := s.part(t, format.Request{Form: format.FormLines, From: at - 1, To: behind + 2}, between(at-1, behind+2), 997).list()
			for of, files := range map[string]memory{"whole": s.memory, "part": part} {
				if of == "part" && what == "accounts for what is to come" {
					continue // which only an export of everything shows
				}
				_, err := Log(t.Context(), Options{Policy: s.policy, Export: fstest.MapFS(files)})
				if f, ok := AsFault(err); !ok || f.Index != at || f.Last != at {
					t.Errorf("%s, alone: %v", of, err)
				}
			}
			lines := slices.Clone(s.all)
			lines[behind] = append(slices.Clone(lines[behind][:len(lines[behind])-3]), "9}}\n"...)
			s.write(t, lines, 997)
			_, err := Log(t.Context(), Options{Policy: s.policy, Export: fstest.MapFS(s.memory)})
			if f, ok := AsFault(err); !ok || f.Index != behind {
				t.Errorf("with another behind it: %v", err)
			}
		})
	}
}
