package terms_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/procedure"
	"mandat/internal/terms"
)

const (
	tax   = "argent-impots-declaration"
	debts = "argent-surendettement"
)

func catalogue(t *testing.T) *procedure.Catalogue {
	t.Helper()
	c, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

func good(powers ...terms.Asked) terms.Terms {
	if powers == nil {
		powers = []terms.Asked{{Procedure: tax, Level: procedure.Act}}
	}
	return terms.Terms{Powers: powers, Days: 31, NoProtection: true, Informed: true}
}

func TestCheck_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	c, now := catalogue(t), at(t, "2026-11-22T22:30:00Z") // 23:30 in Paris
	many := func() (out []terms.Asked) {
		for i := range terms.MaxPowers + 1 {
			out = append(out, terms.Asked{Procedure: tax, Level: procedure.Act, Case: strings.Repeat("x", i+1)})
		}
		return out
	}
	for name, x := range map[string]struct {
		change func(*terms.Terms)
		want   string
	}{
		"good":              {func(*terms.Terms) {}, ""},
		"no power":          {func(t *terms.Terms) { t.Powers = nil }, "procedures none"},
		"unknown procedure": {func(t *terms.Terms) { t.Powers[0].Procedure = "invented" }, "procedures unknown"},
		"twice":             {func(t *terms.Terms) { t.Powers = append(t.Powers, t.Powers[0]) }, "procedures twice"},
		"twice for one case": {func(t *terms.Terms) {
			t.Powers[0].Case = "AB 12"
			t.Powers = append(t.Powers, terms.Asked{Procedure: tax, Level: procedure.See, Case: "ab12"})
		}, "procedures twice"},
		"for two cases": {func(t *terms.Terms) {
			t.Powers[0].Case = "AB 12"
			t.Powers = append(t.Powers, terms.Asked{Procedure: tax, Level: procedure.See, Case: "AB 13"})
		}, ""},
		"too many": {func(t *terms.Terms) { t.Powers = many() }, "procedures too_many"},
		"no level": {func(t *terms.Terms) { t.Powers[0].Level = "" }, "levels unknown"},
		"a level it does not have": {func(t *terms.Terms) {
			t.Powers = []terms.Asked{{Procedure: debts, Level: procedure.Sign}}
			t.Warned = true
		}, "levels unknown"},
		"a case too long":           {func(t *terms.Terms) { t.Powers[0].Case = strings.Repeat("é", terms.MaxCase+1) }, "cases invalid"},
		"a case that steers text":   {func(t *terms.Terms) { t.Powers[0].Case = "12\u202e34" }, "cases invalid"},
		"a social security number":  {func(t *terms.Terms) { t.Powers[0].Case = "1 85 05 78 006 084 91" }, "cases private"},
		"a bank account":            {func(t *terms.Terms) { t.Powers[0].Case = "FR76 3000 6000 0112 3456 7890 189" }, "cases private"},
		"a bank card":               {func(t *terms.Terms) { t.Powers[0].Case = "4970 1000 0000 0055" }, "cases private"},
		"a reference of a letter":   {func(t *terms.Terms) { t.Powers[0].Case = "2026-117/B" }, ""},
		"a case in blanks":          {func(t *terms.Terms) { t.Powers[0].Case = " 12" }, "cases invalid"},
		"a case that is a sentence": {func(t *terms.Terms) { t.Powers[0].Case = "7. Pour confirmer votre rendez-vous du 25/11 répondez OUI" }, "cases invalid"},
		"an odd duration":           {func(t *terms.Terms) { t.Days = 30 }, "days invalid"},
		"no duration":               {func(t *terms.Terms) { t.Days = 0 }, "days invalid"},
		"a duration and a last day": {func(t *terms.Terms) { t.Until = day(2026, 12, 1) }, "days invalid"},
		"a last day":                {func(t *terms.Terms) { t.Days, t.Until = 0, day(2026, 12, 1) }, ""},
		"today as last day":         {func(t *terms.Terms) { t.Days, t.Until = 0, day(2026, 11, 22) }, ""},
		"yesterday":                 {func(t *terms.Terms) { t.Days, t.Until = 0, day(2026, 11, 21) }, "until before"},
		"a year":                    {func(t *terms.Terms) { t.Days, t.Until = 0, day(2027, 11, 22) }, ""},
		"a year and a day":          {func(t *terms.Terms) { t.Days, t.Until = 0, day(2027, 11, 23) }, "until too_long"},
		"from yesterday":            {func(t *terms.Terms) { t.From = day(2026, 11, 21) }, "from past"},
		"from today":                {func(t *terms.Terms) { t.From = day(2026, 11, 22) }, ""},
		"from the last day ahead":   {func(t *terms.Terms) { t.From = day(2027, 2, 22) }, ""},
		"from too far ahead":        {func(t *terms.Terms) { t.From = day(2027, 2, 23) }, "from too_far"},
		"until before the start":    {func(t *terms.Terms) { t.Days, t.From, t.Until = 0, day(2026, 12, 2), day(2026, 12, 1) }, "until before"},
		"a warning unread":          {func(t *terms.Terms) { t.Powers = []terms.Asked{{Procedure: debts, Level: procedure.Act}} }, "warned missing"},
		"under protection":          {func(t *terms.Terms) { t.NoProtection = false }, "no_protection missing"},
		"not informed":              {func(t *terms.Terms) { t.Informed = false }, "informed missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x0 := good()
			x.change(&x0)
			wrong := x0.Check(c, now)
			var got []string
			for _, field := range slices.Sorted(maps.Keys(wrong)) {
				got = append(got, field+" "+wrong[field])
			}
			if strings.Join(got, ", ") != x.want {
				t.Errorf("wrong: %q, want %q", got, x.want)
			}
		})
	}
}

// Whoever is to pay needs the citizen's consent to it.
func TestCheck_PaymentsAreConsentedToApart(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	paying := ""
	for _, theme := range c.Themes() {
		for _, p := range theme.Procedures {
			if p.Offers(procedure.Pay) && p.Warning == nil {
				paying = p.Key
			}
		}
	}
	x := good(terms.Asked{Procedure: paying, Level: procedure.Pay})
	if got := x.Check(c, time.Now()); len(got) != 1 || got["payments"] != "missing" {
		t.Errorf("%s without consent: %v", paying, got)
	}
	x.Payments = true
	if got := x.Check(c, time.Now()); len(got) != 0 {
		t.Errorf("%s with consent: %v", paying, got)
	}
	x.Powers[0].Level = procedure.See
	if got := x.Check(c, time.Now()); got["payments"] != "needless" {
		t.Errorf("%s with a consent to payments that nothing makes: %v", paying, got)
	}
}

// Bank details can be given or changed by who may act where they stand, and nowhere else.
func TestCheck_BankDetailsWhereTheyCanBeChanged(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, x := range []struct {
		procedure string
		level     procedure.Level
		want      string
	}{{"famille-caf-compte", procedure.Act, ""}, {"famille-caf-compte", procedure.See, "needless"}, {"argent-impots-espace", procedure.Act, "needless"}} {
		asked := good(terms.Asked{Procedure: x.procedure, Level: x.level})
		asked.BankDetails = true
		if got := asked.Check(c, time.Now())["bank_details"]; got != x.want {
			t.Errorf("%s, to %s: %q, want %q", x.procedure, x.level, got, x.want)
		}
	}
}

// The end is 23:59:59 in Paris of the last day, whatever the clocks do between, and in leap years.
func TestSpan_EndsWithADayInParis(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		what         string
		terms        terms.Terms
		signed, most string
		from, until  string
	}{
		{"one day is tomorrow", terms.Terms{Days: 1}, "2026-11-22T10:00:00Z", "365", "2026-11-22T10:00:00Z", "2026-11-23T22:59:59Z"},
		{"late in the evening it is tomorrow already", terms.Terms{Days: 1}, "2026-11-22T23:30:00Z", "365", "2026-11-22T23:30:00Z", "2026-11-24T22:59:59Z"},
		{"into summer time", terms.Terms{Days: 31}, "2026-03-20T10:00:00Z", "365", "2026-03-20T10:00:00Z", "2026-04-20T21:59:59Z"},
		{"the day the clocks go forward", terms.Terms{Days: 1}, "2026-03-28T10:00:00Z", "365", "2026-03-28T10:00:00Z", "2026-03-29T21:59:59Z"},
		{"out of summer time", terms.Terms{Days: 31}, "2026-10-01T10:00:00Z", "365", "2026-10-01T10:00:00Z", "2026-11-01T22:59:59Z"},
		{"the day the clocks go back", terms.Terms{Days: 1}, "2026-10-24T10:00:00Z", "365", "2026-10-24T10:00:00Z", "2026-10-25T22:59:59Z"},
		{"to a 29 February", terms.Terms{Days: 31}, "2028-01-29T10:00:00Z", "365", "2028-01-29T10:00:00Z", "2028-02-29T22:59:59Z"},
		{"a year from a 29 February", terms.Terms{Days: 365}, "2028-02-29T10:00:00Z", "365", "2028-02-29T10:00:00Z", "2029-02-28T22:59:59Z"},
		{"to a day", terms.Terms{Until: day(2026, 7, 14)}, "2026-03-20T10:00:00Z", "365", "2026-03-20T10:00:00Z", "2026-07-14T21:59:59Z"},
		{"today", terms.Terms{Until: day(2026, 3, 20)}, "2026-03-20T22:30:00Z", "365", "2026-03-20T22:30:00Z", "2026-03-20T22:59:59Z"},
		{"from a later day", terms.Terms{From: day(2026, 4, 1), Days: 31}, "2026-03-20T10:00:00Z", "365", "2026-03-31T22:00:00Z", "2026-05-02T21:59:59Z"},
		{"from today", terms.Terms{From: day(2026, 3, 20), Days: 1}, "2026-03-20T10:00:00Z", "365", "2026-03-20T10:00:00Z", "2026-03-21T22:59:59Z"},
		{"no longer than the procedure allows", terms.Terms{Days: 365}, "2026-03-20T10:00:00Z", "31", "2026-03-20T10:00:00Z", "2026-04-20T21:59:59Z"},
		{"nor with a last day", terms.Terms{Until: day(2026, 12, 31)}, "2026-03-20T10:00:00Z", "31", "2026-03-20T10:00:00Z", "2026-04-20T21:59:59Z"},
	} {
		most := map[string]int{"365": 365, "31": 31}[x.most]
		got := x.terms.Span(at(t, x.signed), most)
		if !got.From.Equal(at(t, x.from)) || !got.Until.Equal(at(t, x.until)) {
			t.Errorf("%s: from %s until %s", x.what, got.From.UTC(), got.Until.UTC())
		}
	}
}

// What is said of a transfer stands in no terms without one: the bytes of those are what they were.
func TestFrozen_SaysOfATransferWhatThereIs(t *testing.T) {
	t.Parallel()
	f := frozen(t)
	plain, _, err := f.Encode()
	if err != nil || bytes.Contains(plain, []byte("transfers")) {
		t.Errorf("%s, %v", plain, err)
	}
	f.Transfers = &terms.Transferred{Mandate: uuid.New(), Organisation: "Mairie", SignedAt: at(t, "2026-11-02T10:00:00Z")}
	plain, _, err = f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if read, err := terms.Decode(plain, time.Time{}); err != nil || read.Transfers == nil || *read.Transfers != *f.Transfers {
		t.Errorf("%+v, %v", read.Transfers, err)
	}
}
