package numbering_test

import (
	"strings"
	"testing"

	"mandat/internal/numbering"
)

// spelled are numbers as people write them, what they are, and how they are read aloud. Those of mobiles end with a star.
var spelled = map[string][2]string{
	"01 99 00 12 34":       {"+33199001234", "01 99 00 12 34"},
	"06 12 34 56 78":       {"+33612345678*", "06 12 34 56 78"},
	"612345678":            {"+33612345678*", "06 12 34 56 78"},
	"33612345678":          {"+33612345678*", "06 12 34 56 78"},
	"+33 (0)6 12-34/56.78": {"+33612345678*", "06 12 34 56 78"},
	"0033 0 6 12 34 56 78": {"+33612345678*", "06 12 34 56 78"},
	"\u202a+33\u00a06\u202f12 34 56 78\u202c": {"+33612345678*", "06 12 34 56 78"},
	"07.55.12.34.56":       {"+33755123456*", "07 55 12 34 56"},
	"06 39 98 00 00":       {"+33639980000*", "06 39 98 00 00"},
	"06 95 12 34 56":       {"+33695123456*", "06 95 12 34 56"},
	"0800 12 34 56":        {"+33800123456", "08 00 12 34 56"},
	"09 72 12 34 56":       {"+33972123456", "09 72 12 34 56"},
	"0262 12 34 56":        {"+262262123456", "+262 262 12 34 56"},
	"262692123456":         {"+262692123456*", "+262 692 12 34 56"},
	"0639 69 12 34":        {"+262639691234*", "+262 639 69 12 34"},
	"0709 36 12 34":        {"+262709361234*", "+262 709 36 12 34"},
	"0590 20 12 34":        {"+590590201234", "+590 590 20 12 34"},
	"+590 690 12 34 56":    {"+590690123456*", "+590 690 12 34 56"},
	"0694 12 34 56":        {"+594694123456*", "+594 694 12 34 56"},
	"0709 31 12 34":        {"+594709311234*", "+594 709 31 12 34"},
	"0596 50 12 34":        {"+596596501234", "+596 596 50 12 34"},
	"+596 (0)696 12 34 56": {"+596696123456*", "+596 696 12 34 56"},
	"0598 70 12 34":        {"+590598701234", "+590 598 70 12 34"},
	"+508 55 12 34":        {"+508551234*", "+508 55 12 34"},
	"+508 41 12 34":        {"+508411234", "+508 41 12 34"},
	"+508 708 40 12 34":    {"+508708401234*", "+508 708 40 12 34"},
	"00681 72 12 34":       {"+681721234", "+681 72 12 34"},
	"+681 82 12 34":        {"+681821234*", "+681 82 12 34"},
	"+687 75.12.34":        {"+687751234*", "+687 75 12 34"},
	"+687 88 12 34":        {"+687881234", "+687 88 12 34"},
	"+689 87 12 34 56":     {"+68987123456*", "+689 87 12 34 56"},
	"00 689 40 12 34 56":   {"+68940123456", "+689 40 12 34 56"},
}

func TestRead(t *testing.T) {
	t.Parallel()
	for s, want := range spelled {
		number, mobile := strings.CutSuffix(want[0], "*")
		got, ok := numbering.Read(s)
		if got != number || !ok || numbering.Mobile(got) != mobile || numbering.Spell(got) != want[1] {
			t.Errorf("%q is %q, %v, mobile: %v, spelled %q; want %q", s, got, ok, numbering.Mobile(got), numbering.Spell(got), want)
		}
		if again, ok := numbering.Read(numbering.Spell(got)); again != got || !ok {
			t.Errorf("%q is read as %q", numbering.Spell(got), again)
		}
	}
}

// What is too short, too long, of another country, of another area than its code says, or no number.
func TestRead_Refuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", " ", "+", "12", "abc", "06 12 34 56", "06 12 34 56 7", "06 12 34 56 789", "00 06 12 34 56 78", "0 0612345678", "06 12 34 56 78 poste 3", "0６ 12 34 56 78", "++33612345678", "06+12345678",
		"07 00 12 34 56", "07 12 34 56 78", "0033", "+33", "33", "+33612345", "+3361234567890", "+33 690 12 34 56", "+33 590 20 12 34", "+590 6 12 34 56 78", "+590 694 12 34 56", "+262 63 99 80 00 0",
		"+1 212 555 0123", "+32 2 555 12 12", "+44 7700 900123", "0044 7700 900123", "447700900123", "1234567890", "55 12 34", "87 12 34 56", "687751234567", "68775123", "+687 1 12 34 5", "+689 12 34 56 78",
		"+508 15 12 34", "+508 709 40 12 34", "+681 50 12 34", "https://x", strings.Repeat("0", 40) + "612345678",
	} {
		if got, ok := numbering.Read(s); ok || got != "" {
			t.Errorf("%q is %q", s, got)
		}
	}
}

// What was stored by other means is shown as it is, and gets no SMS.
func TestSpell_WhatIsNone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "x", "+447700900123", "0612345678", "+3361234567", "+33690123456", "+590612345678"} {
		if got := numbering.Spell(s); got != s || numbering.Mobile(s) {
			t.Errorf("%q is spelled %q, mobile: %v", s, got, numbering.Mobile(s))
		}
	}
}

// No text makes it fail, and what it returns it returns again.
func FuzzRead(f *testing.F) {
	for s := range spelled {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, ok := numbering.Read(s)
		if !ok {
			return
		}
		for _, again := range []string{number, numbering.Spell(number)} {
			if got, ok := numbering.Read(again); got != number || !ok {
				t.Errorf("%q is %q, and %q is %q", s, number, again, got)
			}
		}
	})
}
