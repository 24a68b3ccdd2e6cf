package admin

import (
	"testing"

	"github.com/google/uuid"

	"mandat/internal/journal"
)

// An administrator sees who receives a part of what is done, and since when, and ends it at once: who is none is none, and nobody is ended twice.
func TestRecipients(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	b.Want(b.Get("/admin"), 200, "/admin/destinataires")
	b.Want(b.Get("/admin/destinataires"), 200, "Personne ne reçoit rien pour le moment")
	felix := o.Newcomer(t, journal.Fraud, uuid.Nil, "felix")
	o.Newcomer(t, journal.Prefecture, uuid.Nil, "prune")
	his := "/admin/destinataires/" + felix.Person.String() + "/fin"
	b.Want(b.Get("/admin/destinataires"), 200, his, "felix Fictif", "felix@exemple.invalid", "Équipe fraude de FranceConnect", "prune Fictif", "Préfecture, département 75", "depuis le")
	b.Want(b.Get("/admin/destinataires/"+o.Jeanne.Person.String()+"/fin"), 404)
	b.Want(b.Post("/admin/destinataires/"+o.Jeanne.Person.String()+"/fin"), 409)
	b.Want(b.Get("/admin/destinataires/"+uuid.NewString()+"/fin"), 404)
	b.Want(b.Get(his), 200, "felix Fictif", "Cette personne ne verra plus rien", "Mettre fin maintenant")
	open := o.Visit(t, felix, o.Clock.Now())
	open.Want(open.Post(his), 403)
	b.Want(b.Post(his), 303, "/admin/destinataires")
	open.Want(open.Get("/admin"), 403)           // the session that was open
	open.Want(open.Post(his), 303, "/connexion") // is gone
	b.Without(b.Want(b.Get("/admin/destinataires"), 200, "plus destinataire", "prune Fictif"), "felix Fictif")
	b.Want(b.Post(his), 409)
	o.Content(t)
}
