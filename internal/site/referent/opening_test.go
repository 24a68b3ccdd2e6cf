package referent

import (
	"errors"
	"testing"

	"mandat/internal/db"
	"mandat/internal/org"
)

// A referent says when the organisation is open, the nights of a shelter too; what is wrong comes back with what was written; and two at once do not undo one another.
func TestOpening(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.rose(t)
	b.Want(b.Get("/referent/structure"), 200, "La structure n’a pas donné d’horaires", `href="/referent/structure/horaires"`)
	b.Want(b.Get(openingPath), 200, "heure de Paris", "Vendredi", `name="version" value="0"`)
	b.Want(b.Post(openingPath, "version", "0"), 422, "Rien ne change")
	b.Want(b.Post(openingPath, "version", "0", "opens1", "20:00", "closes1", "08:00", "opens2", "huit"), 422, "La fermeture vient avant", "Écrivez une heure", `value="20:00"`)
	b.Want(b.Post(openingPath, "version", "0", "opens1", "20:00", "closes1", "08:00", "next1", "on", "holidays", "on"), 303, "/referent/structure")
	b.Want(b.Get("/referent/structure"), 200, "Les horaires sont enregistrés", "le lendemain", "mardi au dimanche", "comme les autres jours", "À partir du")
	b.Want(b.Get(openingPath), 200, `name="version" value="1"`, `name="opens1" value="20:00"`, `name="closes1" value="08:00"`, `name="next1" value="on" checked`, `name="holidays" value="on" checked`)
	for _, version := range []string{"0", "2", "", "x"} {
		b.Want(b.Post(openingPath, "version", version, "opens1", "08:00", "closes1", "18:00"), 409, "Les horaires ont changé entre-temps")
	}
	b.Want(b.Post(openingPath, "version", "1"), 303)
	b.Want(b.Get("/referent/structure"), 200, "La structure n’a pas donné d’horaires")
	elsewhere, err := o.Directory.Hours(t.Context(), o.Elsewhere)
	if err != nil || len(elsewhere) != 0 {
		t.Errorf("%+v, %v", elsewhere, err)
	}
	here, err := o.Directory.Hours(t.Context(), o.Here)
	if err != nil || len(here) != 2 {
		t.Fatalf("%+v, %v", here, err)
	}
	if err := o.Directory.ChangeHours(t.Context(), o.boss, o.Elsewhere, 0, here[1].Week); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another organisation's: %v", err)
	}
	if err := o.Directory.ChangeHours(t.Context(), o.Jeanne, o.Here, 2, here[1].Week); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("an aidant: %v", err)
	}
	o.Content(t)
}
