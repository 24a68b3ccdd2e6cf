package org_test

import (
	"errors"
	"testing"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Numbers of mainland France and of each territory, as people write them; the examples of the forms among them.
func TestPhone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"06 12 34 56 78": "+33612345678", "+33 (0)6 12 34 56 78": "+33612345678", "07.55.12.34.56": "+33755123456", "0033 1 23 45 67 89": "+33123456789",
		"06 39 98 00 00": "+33639980000", "+33 6 39 98 12 34": "+33639981234", "01 99 00 12 34": "+33199001234", // kept for fiction
		"0262 12 34 56": "+262262123456", "0692 12 34 56": "+262692123456", "+262 692 00 00 00": "+262692000000", // La Réunion
		"0639 69 12 34": "+262639691234", "+262 639 69 12 34": "+262639691234", // Mayotte
		"0590 20 12 34": "+590590201234", "0690 12 34 56": "+590690123456", "+590 690 12 34 56": "+590690123456", // Guadeloupe, Saint-Martin, Saint-Barthélemy
		"0594 25 12 34": "+594594251234", "+594 694 12 34 56": "+594694123456", // Guyane
		"0596 50 12 34": "+596596501234", "+596 696 12 34 56": "+596696123456", // Martinique
		"+508 55 12 34": "+508551234", "+681 72 12 34": "+681721234", "+687 75 12 34": "+687751234", "+689 87 12 34 56": "+68987123456",
		"+1 212 555 0123": "", "+32 2 555 12 12": "", "12": "", "": "", "06 12 34 56": "", "87 12 34 56": "", "55 12 34": "", "abc": "", "06 39 98 00 0": "", "06 39 98 00 000": "", "+262 39 98 00 00": "",
	} {
		got, err := org.Phone(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestEmail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" Jeanne.Morel@Exemple.INVALID ": "jeanne.morel@exemple.invalid", "a": "", "": "", "Jeanne <a@b.fr>": "", "a@b.fr, c@d.fr": "", "a b@c.fr": "", "a@b.fr\r\nBcc: x@y.fr": "",
		"\u212aim@exemple.invalid": "", "k\u0130m@exemple.invalid": "", "je\u0430nne@exemple.invalid": "", "jeanne@exemple.invalid\u200b": "", "je\u00adanne@exemple.invalid": "",
	} {
		if got, err := org.Email(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestChangeProfile(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	if err := d.ChangeProfile(ctx, w.Jeanne, org.Profile{Profession: " Médiatrice ", DigitalAdviser: true, Lang: "en"}); err != nil {
		t.Fatal(err)
	}
	if p, err := d.Find(ctx, w.Jeanne.Person); err != nil || p.Profession != "Médiatrice" || !p.DigitalAdviser || p.Lang != "en" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, p := range []org.Profile{{Lang: "de"}, {Lang: "fr", Profession: string(make([]rune, 101))}} {
		if err := d.ChangeProfile(ctx, w.Jeanne, p); !errors.Is(err, org.ErrParticulars) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if err := d.Suspend(ctx, journal.Program(), w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := d.ChangeProfile(ctx, w.Jeanne, org.Profile{Lang: "fr"}); !errors.Is(err, db.ErrConflict) {
		t.Errorf("suspended: %v", err)
	}
	w.Content(t)
}
