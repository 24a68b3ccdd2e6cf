package certification_test

import (
	"errors"
	"strings"
	"testing"

	"mandat/internal/certification"
)

func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, of, says string }{
		"certified quietly":   {`insert into certification select $2, state, trained_on, organiser, training, tested_on, score, minimum, passed_on, certified_at, certified_until, suspended_at, updated_at from certification where person_id = $1`, "person", "no entry tells of it"},
		"resumed quietly":     {`update certification set state = 'certified', suspended_at = null where person_id = $1`, "person", `has as state "certified" in the tables, and "suspended" according`},
		"longer":              {`update certification set certified_until = certified_until + interval '1 day' where person_id = $1`, "person", "certified_until"},
		"passed":              {`update certification set score = 999 where person_id = $1`, "person", "another score"},
		"a lower bar":         {`update certification set minimum = 1 where person_id = $1`, "person", "another minimum"},
		"trained another day": {`update certification set trained_on = trained_on - 1 where person_id = $1`, "person", "another trained_on"},
		"by somebody else":    {`update certification set organiser = 'x' where person_id = $1`, "person", "another organiser"},
		"otherwise":           {`update certification set training = 'classic' where person_id = $1`, "person", "another training"},
		"tested another day":  {`update certification set tested_on = tested_on + 1 where person_id = $1`, "person", "another tested_on"},
		"passed another day":  {`update certification set passed_on = passed_on - 1 where person_id = $1`, "person", "another passed_on"},
		"certified earlier":   {`update certification set certified_at = certified_at - interval '1 s' where person_id = $1`, "person", "another certified_at"},
		"suspended earlier":   {`update certification set suspended_at = suspended_at - interval '1 s' where person_id = $1`, "person", "another suspended_at"},
		"touched":             {`update certification set updated_at = updated_at + interval '1 s' where person_id = $1`, "person", "another updated_at"},
		"removed":             {`delete from certification where person_id = $1`, "person", "gone"},
		"its entry removed":   {`delete from journal_entry where action = 'certification.suspended'`, "person", `has as state "suspended" in the tables, and "certified"`},
		"a change changed":    {`update certification_change set certified_until = certified_until + interval '1 day' where line = 2`, "import", "lines 2 to 4"},
		"a change removed":    {`delete from certification_change where line = 3`, "import", "lines 2 to 4"},
		"a change added":      {`insert into certification_change (import_id, line, person_id, state) select import_id, 99, person_id, 'to_train' from certification_change where line = 2`, "import", "entries tell of 2"},
		"a refusal removed":   {`delete from certification_refusal`, "import", "which list 0, and 1 according"},
		"a refusal added":     {`insert into certification_refusal select import_id, line + 1, why from certification_refusal`, "import", "which list 2, and 1 according"},
		"a refusal uncounted": {`update certification_import set refused = 0`, "import", "0 of its lines were refused"},
		"an import removed":   {`delete from certification_import`, "import", "gone"},
		"an import added": {`insert into certification_import (id, sha256, lines, done, created_by, created_at, ended_at) select gen_random_uuid(), sha256, lines, done, created_by, created_at, ended_at
			from certification_import`, "import", "no entry tells of it"},
		"another file":       {`update certification_import set sha256 = sha256('x')`, "import", "of another file"},
		"another importer":   {`update certification_import set created_by = $1`, "import", "of another person"},
		"less of it":         {`update certification_import set done = 1`, "import", "1 of its lines"},
		"imported quietly":   {`update certification set certified_until = certified_until + interval '1 day' where person_id = (select person_id from certification_change where line = 2)`, "person", "certified_until"},
		"its batch's entry":  {`delete from journal_entry where action = 'certification.imported'`, "import", "no entry tells of it"},
		"who was so trained": {`update certification_change set organiser = 'x' where line = 2`, "import", "lines 2 to 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx, leo, zoe := t.Context(), w.newcomer(t, "leo"), w.newcomer(t, "zoe")
			file := w.file([]string{"paul@exemple.invalid", w.crowd(t, 1)[0], "nobody@exemple.invalid"})
			_, err := w.register.Import(ctx, w.anne, strings.NewReader(file), 0)
			if err := errors.Join(err, w.register.Grant(ctx, w.anne, leo.Person, w.course(20), w.test(10, 900)), w.register.Suspend(ctx, w.anne, leo.Person)); err != nil {
				t.Fatal(err)
			}
			w.content(t)
			args := []any{}
			if strings.Contains(c.sql, "$1") {
				args = append(args, leo.Person)
			}
			if strings.Contains(c.sql, "$2") {
				args = append(args, zoe.Person)
			}
			w.Behind(t, c.sql, args...)
			found, err := certification.Compare(ctx, w.OpenAuditor(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found {
				if strings.Contains(d.String(), "exemple") || strings.Contains(d.String(), "essai") {
					t.Errorf("%s is personal", d)
				}
				if d.Of == c.of && strings.Contains(d.What, c.says) {
					return
				}
			}
			t.Errorf("found %v", found)
		})
	}
}
