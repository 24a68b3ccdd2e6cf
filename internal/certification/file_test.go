package certification

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const head = "courriel;formation_date;organisme;type;test_date;score\n"

func TestParse_ReadsWhatSpreadsheetsWrite(t *testing.T) {
	t.Parallel()
	c, test := Course{on("2026-10-01"), "Coop; \"Essai\"", Peer}, Test{on("2026-10-02"), 800}
	want := []record{{2, "leo@exemple.invalid", &c, &test, ""}, {4, "zoe@exemple.invalid", nil, &test, ""}}
	for name, content := range map[string]string{
		"semicolons":       head + "leo@exemple.invalid;2026-10-01;\"Coop; \"\"Essai\"\"\";pairs;2026-10-02;800\n\nzoe@exemple.invalid;;;;2026-10-02;800\n",
		"commas":           strings.ReplaceAll(head, ";", ",") + "leo@exemple.invalid,2026-10-01,\"Coop; \"\"Essai\"\"\",pairs,2026-10-02,800\n,,,,,\nzoe@exemple.invalid,,,,2026-10-02,800",
		"a BOM and CRLF":   "\xef\xbb\xbf" + strings.ReplaceAll(head+"leo@exemple.invalid;01/10/2026;\"Coop; \"\"Essai\"\"\";Entre pairs;02/10/2026;0800\n \nzoe@exemple.invalid;;;;02/10/2026;800\n", "\n", "\r\n"),
		"blanks and marks": head + " LEO@exemple.invalid ; \"2026-10-01\" ;\"Coop; \"\"Essai\"\"\" ;PAIRS;2026-10-02; 800 \n;;;;;\n\"zoe@exemple.invalid\";\"\";\"\";\"\";2026-10-02;800",
		"another order":    "Score;Courriel;Type;Formation_Date;Test_Date;Organisme\n800;leo@exemple.invalid;pairs;2026-10-01;2026-10-02;\"Coop; \"\"Essai\"\"\"\n\n800;zoe@exemple.invalid;;;2026-10-02;",
	} {
		got, err := parse([]byte(content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(record{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestParse_RefusesLinesOneByOne(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"leo@exemple.invalid;2026-10-01;x;pairs;;":                                          "",
		"leo@exemple.invalid;2026-10-01;x;pairs;":                                           WrongFields,
		"leo@exemple.invalid;2026-10-01;x;pairs;;;":                                         WrongFields,
		"leo@exemple.invalid;2026-10-01;\"x;pairs;;":                                        WrongFields,
		"leo@exemple.invalid;2026-10-01;\"x\"ypairs;;":                                      WrongFields,
		"leo@exemple.invalid;2026-10-01;\"x\"y;pairs;;":                                     WrongFields,
		";2026-10-01;x;pairs;;":                                                             WrongAddress,
		"leo;2026-10-01;x;pairs;;":                                                          WrongAddress,
		"leo@;2026-10-01;x;pairs;;":                                                         WrongAddress,
		"@exemple.invalid;2026-10-01;x;pairs;;":                                             WrongAddress,
		"l eo@exemple.invalid;2026-10-01;x;pairs;;":                                         WrongAddress,
		strings.Repeat("a", 250) + "@b.fr;2026-10-01;x;pairs;;":                             WrongAddress,
		"leo@exemple.invalid;;;;;":                                                          WrongEmpty,
		"leo@exemple.invalid;;x;pairs;;":                                                    WrongEmpty,
		"leo@exemple.invalid;2026-10-01;x;pairs;2026-10-02;":                                WrongEmpty,
		"leo@exemple.invalid;2026-10-01;x;pairs;;800":                                       WrongEmpty,
		"leo@exemple.invalid;2026-13-01;x;pairs;;":                                          WrongDate,
		"leo@exemple.invalid;1/10/26;x;pairs;;":                                             WrongDate,
		"leo@exemple.invalid;30/02/2026;x;pairs;;":                                          WrongDate,
		"leo@exemple.invalid;1999-12-31;x;pairs;;":                                          WrongDate,
		"leo@exemple.invalid;;;;10 octobre;800":                                             WrongDate,
		"leo@exemple.invalid;2026-10-01;x;autre;;":                                          WrongKind,
		"leo@exemple.invalid;2026-10-01;x;;;":                                               WrongKind,
		"leo@exemple.invalid;2026-10-01;;pairs;;":                                           WrongOrganiser,
		"leo@exemple.invalid;2026-10-01;" + strings.Repeat("é", 201) + ";pairs;;":           WrongOrganiser,
		"leo@exemple.invalid;2026-10-01;" + strings.Repeat("é", 200) + ";pairs;;":           "",
		"leo@exemple.invalid;2026-10-01;" + strings.Repeat(" ", 5000) + "x;pairs;;":         WrongFields,
		"leo@exemple.invalid;2026-10-01;x\ay;pairs;;":                                       WrongOrganiser,
		"leo@exemple.invalid;;;;2026-10-02;1001":                                            WrongScore,
		"leo@exemple.invalid;;;;2026-10-02;-1":                                              WrongScore,
		"leo@exemple.invalid;;;;2026-10-02;80 %":                                            WrongScore,
		"leo@exemple.invalid;;;;2026-10-02;99999999999999999999":                            WrongScore,
		"ZOE@exemple.invalid;;;;2026-10-02;800":                                             WrongDuplicate,
		"leo@exemple.invalid;2026-10-01;x;pairs;2026-10-02;800":                             "",
		"leo@exemple.invalid;2026-10-01;\"deux\";classique;2026-10-02;\"800\"":              "",
		"leo@exemple.invalid;2026-10-01;de la formation \"entre pairs\";pairs;2026-10-02;1": "",
	} {
		got, err := parse([]byte(head + "zoe@exemple.invalid;2026-10-01;x;pairs;;\n" + line + "\nmax@exemple.invalid;2026-10-01;x;pairs;;\n"))
		if err != nil || len(got) != 3 || got[0].wrong != "" || got[2].wrong != "" || got[2].number != 4 {
			t.Errorf("%q: %v, %v", line, got, err)
			continue
		}
		if got[1].wrong != want || got[1].number != 3 {
			t.Errorf("%q: %q, want %q", line, got[1].wrong, want)
		}
	}
}

func TestParse_RefusesWholeFiles(t *testing.T) {
	t.Parallel()
	line := "leo@exemple.invalid;2026-10-01;x;pairs;;\n"
	many := head + strings.Repeat(";;;;;x\n", MaxLines)
	for name, c := range map[string]struct {
		content string
		want    error
	}{
		"no file":           {"", ErrHeader},
		"no header":         {line + line, ErrHeader},
		"a column missing":  {"courriel;formation_date;organisme;type;test_date\n" + line, ErrHeader},
		"a column too many": {"nom;" + head + line, ErrHeader},
		"a column twice":    {"score;" + head + line, ErrHeader},
		"a header too long": {strings.Replace(head, "courriel", strings.Repeat(" ", 5000)+"courriel", 1) + line, ErrHeader},
		"an open mark":      {"\"" + head + line, ErrHeader},
		"only a header":     {head, ErrEmpty},
		"only empty lines":  {head + ";;;;;\n\n  \n", ErrEmpty},
		"Latin 1":           {head + "leo@exemple.invalid;2026-10-01;\xe9;pairs;;\n", ErrEncoding},
		"UTF-16":            {"\xff\xfec\x00o\x00", ErrEncoding},
		"a zero byte":       {head + "leo@exemple.invalid;2026-10-01;\x00;pairs;;\n", ErrEncoding},
		"the most lines":    {many, nil},
		"too many lines":    {many + line, ErrTooLarge},
	} {
		if _, err := parse([]byte(c.content)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	_, err := parse([]byte("courriel;type;organisme;test_date\n" + line))
	var h *HeaderError
	if !errors.As(err, &h) || !cmp.Equal(h.Missing, []string{"formation_date", "score"}) {
		t.Errorf("missing: %v", err)
	}
	if _, err := parse([]byte(line + line)); strings.Contains(err.Error(), "leo") {
		t.Errorf("the error tells an address: %v", err)
	}
	if _, err := read(strings.NewReader(strings.Repeat("x", MaxBytes+1))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many bytes: %v", err)
	}
	if _, err := read(strings.NewReader(strings.Repeat("x", MaxBytes))); err != nil {
		t.Errorf("the most bytes: %v", err)
	}
}

// Whatever is in a file, each of its lines is read for itself, and what is read is valid.
func FuzzParse(f *testing.F) {
	for _, line := range []string{"leo@exemple.invalid;2026-10-01;x;pairs;2026-10-02;800", `a@b;"01/10/2026";"x""y";classique;;`, `"`, ";;;;;", "a@b;2026-10-01;\"x;pairs;;", "\r", "\xff"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		last := "zoe@exemple.invalid;2026-10-01;x;pairs;;"
		got, err := parse([]byte(head + line + "\n" + last))
		if err != nil {
			if !errors.Is(err, ErrEncoding) && !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
			return
		}
		if end := got[len(got)-1]; end.email != "zoe@exemple.invalid" || end.course == nil {
			t.Fatalf("the last line became %+v", end)
		}
		seen := map[string]bool{}
		for _, rec := range got {
			switch {
			case rec.wrong != "":
			case rec.email == "" || rec.course == nil && rec.test == nil || rec.course != nil && !rec.course.valid() || rec.test != nil && !rec.test.valid():
				t.Fatalf("taken as right: %+v", rec)
			case seen[rec.email]:
				t.Fatalf("twice: %+v", rec)
			}
			seen[rec.email] = true
			if rec.wrong == "" {
				again := recordOf(fmt.Sprintf("%s;;;;2026-10-02;0", rec.email), ';', []int{0, 1, 2, 3, 4, 5})
				if again.email != rec.email && !strings.ContainsAny(rec.email, `;"`) {
					t.Fatalf("%q is read as %q", rec.email, again.email)
				}
			}
		}
	})
}
