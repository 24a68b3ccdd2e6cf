package admin

import (
	"testing"

	"github.com/google/uuid"
)

// An administrator says the hours of any organisation that is open, by the clock where it is.
func TestOpening(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	here := organisationPath(o.Elsewhere)
	form := here + "/horaires"
	there, err := o.Directory.Organisation(t.Context(), o.Elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	there.Postcode = "97400"
	if err := o.Directory.ChangeOrganisation(t.Context(), o.ada, there); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Get(here), 200, "La structure n’a pas donné d’horaires", `href="`+form+`"`)
	b.Want(b.Get(form), 200, "heure de La Réunion")
	b.Want(b.Post(form, "version", "0", "opens3", "18:00", "closes3", "09:00"), 422, "La fermeture vient avant l’ouverture", `href="`+here+`"`)
	b.Want(b.Post(form, "version", "0", "opens3", "09:00", "closes3", "18:00"), 303, here)
	b.Want(b.Get(here), 200, "Les horaires sont enregistrés", "lundi et mardi", "mercredi", "heure de La Réunion")
	b.Want(b.Post(form, "version", "0", "opens3", "09:00", "closes3", "17:00"), 409, "Les horaires ont changé entre-temps", form)
	if all, err := o.Directory.Hours(t.Context(), o.Here); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	none := organisationPath(uuid.New()) + "/horaires"
	b.Want(b.Get(none), 404)
	b.Want(b.Post(none, "version", "0", "opens3", "09:00", "closes3", "18:00"), 404)
	if err := o.Directory.Close(t.Context(), o.ada, o.Elsewhere); err != nil {
		t.Fatal(err)
	}
	b.Without(b.Want(b.Get(here), 200), form)
	b.Want(b.Post(form, "version", "1", "opens3", "09:00", "closes3", "17:00"), 404)
	o.Content(t)
}
