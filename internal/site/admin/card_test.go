package admin

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"mandat/internal/journal"
)

// stock imports some cards: GADT0001 and so on.
func (o *office) stock(t *testing.T, n int) {
	t.Helper()
	var file strings.Builder
	for i := range n {
		fmt.Fprintf(&file, "GADT%04d;%s\n", i+1, hex.EncodeToString([]byte("01234567890123456789")))
	}
	if out, err := o.cards.Import(t.Context(), journal.Program(), strings.NewReader(file.String()), false); err != nil || !out.Done {
		t.Fatalf("%+v, %v", out, err)
	}
}

func TestCards_ByPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	o.stock(t, 101)
	first := b.Want(b.Get("/admin/cartes"), 200, "GADT0001", "GADT0050", "Page 1 sur 3", "/admin/cartes?page=2")
	b.Without(first, "GADT0051", "Page précédente")
	b.Want(b.Get("/admin/cartes?page=2"), 200, "GADT0051", "GADT0100", "/admin/cartes?page=1", "/admin/cartes?page=3")
	b.Without(b.Want(b.Get("/admin/cartes?page=3"), 200, "GADT0101", "Page 3 sur 3"), "Page suivante")
	for _, none := range []string{"x", "0", "-2", "18446744073709551615"} {
		b.Want(b.Get("/admin/cartes?page="+none), 200, "GADT0001", "Page 1 sur 3")
	}
	b.Without(b.Want(b.Get("/admin/cartes?page=60000"), 200, "GADT0101", "Page 3 sur 3", "/admin/cartes?page=2"), "Page suivante")
}

func TestCard_SentAndLost(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	o.stock(t, 2)
	p := "/admin/cartes/GADT0002"
	b.Want(b.Get("/admin/cartes/GADT0009"), 404)
	b.Want(b.Post("/admin/cartes/GADT0009/envoi"), 404)
	b.Want(b.Get("/admin/cartes?serial=+gadt0002"), 303, p)
	b.Want(b.Get("/admin/cartes?serial=GADT0009"), 422, "Aucune carte n’a ce numéro", `value="GADT0009"`, "GADT0001")
	b.Want(b.Get(p), 200, "GADT0002", "En stock", "Aucune structure")
	b.Want(b.Post(p+"/envoi", "siret", known), 422, "Aucune structure n’a ce SIRET", `value="`+known+`"`)
	b.Want(b.Post(p+"/envoi", "siret", "217500016"), 422)
	b.Want(b.Post(p+"/envoi", "siret", "217 500 016 00019"), 303, p)
	b.Want(b.Get(p), 200, "C’est enregistré", "Maison France Services de démonstration", `value="21750001600019"`)
	b.Want(b.Get("/admin/cartes"), 200, "Maison France Services de démonstration")
	b.Want(b.Post(p+"/envoi", "siret", "21750001600019"), 303, p)
	b.Want(b.Post(p+"/envoi", "siret", ""), 303, p)
	b.Without(b.Get(p), "Maison France Services")
	b.Want(b.Get(p+"/perte"), 200, "GADT0002", "C’est définitif")
	b.Want(b.Post(p+"/perte"), 303, p)
	b.Without(b.Want(b.Get(p), 200, "La carte est déclarée perdue", "plus personne ne peut l’ajouter"), "Enregistrer")
	b.Want(b.Post(p+"/perte"), 409)
	b.Want(b.Post(p+"/envoi", "siret", "21750001600019"), 409)
	b.Want(b.Get("/admin/cartes"), 200, "<dt>Perdues</dt><dd>1</dd>")
	if n := o.Count(t, `select count(*) from journal_entry where action in ('cards.sent', 'cards.lost') and person_id = $1`, o.ada.Person); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
	o.Content(t)
}
