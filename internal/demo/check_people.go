package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"

	"mandat/internal/walk"
)

// newcomer is whom the story of people is about: nobody knows her, ProConnect neither.
type newcomer struct {
	*check
	nour, odile, adele *walk.Walker
	link               string   // of her invitation
	key                string   // of her application
	recovery           []string // her codes
}

// Nour is invited by Odile.
const (
	nourEmail = "nour.aziz@tilleuls.exemple.invalid"
	nourName  = "Aziz"
)

// CheckPeople walks from an invitation to a signature: a référente invites somebody who has no ProConnect; she accepts by the link in
// the mail, adds a code application, accepts the charter; an administrator takes in the results of her test; she signs a mandate; and she
// signs in again with a link and a recovery code. Passkeys need a browser: the tests try them.
func (d *Demo) CheckPeople(ctx context.Context, out io.Writer) error {
	c := &check{Demo: d, ctx: ctx, out: out}
	n := &newcomer{check: c, nour: c.browser(), odile: c.browser(), adele: c.browser()}
	return c.walk([]chapter{{"Invitation", n.invited()}, {"A factor of one's own", n.enrolled()}, {"Charter", n.agreed()}, {"Certification", n.certified()},
		{"A mandate", n.signs()}, {"Another day", n.returns()}})
}

func (n *newcomer) invited() []step {
	return []step{
		{"the référente signs in and finds her team", all(func() error { return n.odile.SignIn("demo-odile") }, n.open(n.odile, "/referent/equipe"), status(n.odile, 200), says(n.odile, "Jeanne Morel"))},
		{"she invites an aidante who has no ProConnect", all(n.open(n.odile, "/referent/invitations/nouvelle"), press(n.odile, "Envoyer l’invitation", url.Values{"given_name": {"Nour"}, "usual_name": {nourName},
			"email": {nourEmail}, "roles": {"aidant"}}), status(n.odile, 200))},
		{"the mail has a link, and names no citizen", func() error {
			m, err := n.mail(nourEmail, "vous invite")
			n.link = m.Link()
			if err == nil && !strings.HasPrefix(n.link, n.Config.BaseURL+"/invitation/") {
				err = fmt.Errorf("the link is %s", n.link)
			}
			return err
		}},
		{"the page of mails shows it", func() error {
			w := n.browser()
			return errors.Join(w.Get(n.Mailbox.Page()), w.Says(nourEmail))
		}},
		{"opening the link changes nothing: twice it says who invites", all(func() error { return n.nour.Get(n.link) }, func() error { return n.nour.Get(n.link) }, says(n.nour, organisations[0].Name))},
	}
}

func (n *newcomer) enrolled() []step {
	return []step{
		{"she accepts without ProConnect, and is asked for a second factor", all(press(n.nour, "Accepter et ajouter un second facteur", nil), at(n.nour, "/compte/facteurs/premier"))},
		{"until then she may do nothing else", all(n.open(n.nour, "/espace"), at(n.nour, "/compte/facteurs/premier"))},
		{"should her browser be closed now, the link leads on", func() error {
			w := n.browser()
			return errors.Join(w.Get(n.link), w.Says("Il reste une étape"))
		}},
		{"a wrong code adds no application", all(n.open(n.nour, "/compte/facteurs/application"), n.readKey, press(n.nour, "Ajouter l’application", url.Values{"code": {"000000"}}), status(n.nour, 422), n.readKey)},
		{"the code of her application does", all(func() error { return n.give(n.nour, "Ajouter l’application", 0) })},
		{"the link works once", func() error {
			w := n.browser()
			if err := w.Get(n.link); err != nil || w.Status() != 410 {
				return fmt.Errorf("status %d, %w", w.Status(), err)
			}
			return nil
		}},
	}
}

// readKey reads the key that the page shows.
func (n *newcomer) readKey() error {
	if n.key = strings.ReplaceAll(n.nour.TextByID("key"), " ", ""); n.key == "" {
		return fmt.Errorf("the page %q shows no key", n.nour.H1())
	}
	return nil
}

// give types the code that the application shows, or will show so much later.
func (n *newcomer) give(w *walk.Walker, button string, later time.Duration) error {
	code, err := totp.GenerateCode(n.key, time.Now().Add(later))
	if err != nil {
		return err
	}
	if err := w.Press(button, url.Values{"code": {code}}); err != nil {
		return err
	}
	return status(w, 200)()
}

func (n *newcomer) agreed() []step {
	return []step{
		{"whatever she opens, the charter comes first", all(n.open(n.nour, "/mandats/nouveau"), at(n.nour, "/charte"))},
		{"accepting is a choice", all(press(n.nour, "Accepter et continuer", nil), status(n.nour, 422))},
		{"she accepts it", all(press(n.nour, "Accepter et continuer", url.Values{"accepted": {"on"}}), at(n.nour, "/mandats/nouveau"))},
		{"she makes recovery codes", all(n.open(n.nour, "/compte/facteurs"), press(n.nour, "Créer dix codes de secours", nil), n.readCodes)},
	}
}

var recoveryCode = regexp.MustCompile(`<code>([^<]+)</code>`)

func (n *newcomer) readCodes() error {
	for _, m := range recoveryCode.FindAllSubmatch(n.nour.Body(), -1) {
		n.recovery = append(n.recovery, string(m[1]))
	}
	if len(n.recovery) != 10 {
		return fmt.Errorf("the page %q shows %d codes", n.nour.H1(), len(n.recovery))
	}
	return nil
}

func (n *newcomer) certified() []step {
	today := time.Now()
	file := "courriel;formation_date;organisme;type;test_date;score\n" + nourEmail + ";" + today.AddDate(0, 0, -10).Format(time.DateOnly) + ";Organisme de démonstration;classique;" + today.AddDate(0, 0, -3).Format(time.DateOnly) + ";850\n"
	return []step{
		{"she is no certified aidante yet, and cannot draw up a mandate", all(n.open(n.nour, "/mandats/nouveau"), func() error {
			if n.nour.Status() == 200 && n.nour.HasButton("Continuer : identité de la personne") {
				return errors.New("she can")
			}
			return nil
		})},
		{"an administrator looks at what the results of tests would change", all(func() error { return n.adele.SignIn("demo-adele") }, n.open(n.adele, "/admin/imports"),
			func() error {
				return n.adele.Press("Vérifier le fichier", url.Values{"file": {file}})
			}, status(n.adele, 200))},
		{"and takes them in", all(press(n.adele, "Importer une ligne", nil), status(n.adele, 200))},
		{"the référente sees her certified", all(n.open(n.odile, "/referent/equipe"), says(n.odile, "Nour "+nourName))},
	}
}

func (n *newcomer) signs() []step {
	return []step{
		{"she draws up a mandate, and the citizen identifies themselves", func() (err error) {
			if n.draft, err = n.nour.Terms("31", tax); err != nil {
				return err
			}
			return errors.Join(n.nour.Identify(n.draft, "test"), n.nour.Says("DUBOIS"))
		}},
		{"a quarter of an hour later, signing asks for her factor first", all(n.later(nourEmail), func() error { return n.nour.Press(walk.ConfirmSignature, n.nour.Agreed()) }, at(n.nour, "/connexion/confirmation"))},
		{"she gives the next code, and is back where she was", all(func() error { return n.give(n.nour, "Valider le code", 30*time.Second) }, says(n.nour, "DUBOIS"))},
		{"the mandate is signed", func() (err error) { n.mandate, err = n.nour.Sign(); return }},
		{"a code that was used is worth nothing", func() error {
			return n.superuser(func(ctx context.Context, conn *pgx.Conn) error {
				var used bool
				err := conn.QueryRow(ctx, `select last_step >= $1 from credential_totp where confirmed_at is not null`, time.Now().Unix()/30).Scan(&used)
				if err == nil && !used {
					err = errors.New("the step of the code is not marked")
				}
				return err
			})
		}},
	}
}

func (n *newcomer) returns() []step {
	w := n.browser()
	return []step{
		{"she asks for a link, from another browser", all(n.open(w, "/connexion"), press(w, "Recevoir un lien", url.Values{"email": {nourEmail}}), status(w, 200))},
		{"an address that nobody has gets the same page", func() error {
			other := n.browser()
			if err := errors.Join(other.Get(n.Config.BaseURL+"/connexion"), other.Press("Recevoir un lien", url.Values{"email": {"personne@exemple.invalid"}})); err != nil {
				return err
			}
			if other.Text() != w.Text() || other.Status() != w.Status() {
				return errors.New("the page differs")
			}
			return nil
		}},
		{"the link is good in the browser that asked, and nowhere else", func() error {
			m, err := n.mail(nourEmail, "lien de connexion")
			if err != nil {
				return err
			}
			other := n.browser()
			if err := errors.Join(other.Get(m.Link()), other.Says("autre navigateur"), w.Get(m.Link()), w.Press("Continuer", nil)); err != nil {
				return err
			}
			return w.At("/connexion/facteur")
		}},
		{"the link alone opens nothing", func() error {
			if err := w.Get(n.Config.BaseURL + "/mandats/" + n.mandate.String()); err != nil {
				return err
			}
			if w.Has("DUBOIS") {
				return errors.New("the mandate is shown")
			}
			return w.Get(n.Config.BaseURL + "/connexion/facteur")
		}},
		{"with a recovery code she is in", all(func() error { return w.Press("Valider le code", url.Values{"code": {n.recovery[0]}}) }, func() error {
			return errors.Join(w.Get(n.Config.BaseURL+"/mandats/"+n.mandate.String()), w.Says("DUBOIS"))
		})},
		{"she is told of the code and of the new browser", func() error {
			_, used := n.mail(nourEmail, "Il vous en reste 9")
			_, device := n.mail(nourEmail, "nouvel appareil")
			return errors.Join(used, device)
		}},
		{"the journal and the tables agree", func() error {
			sofia := n.browser()
			return errors.Join(sofia.SignIn("demo-sofia"), sofia.Get(n.Config.BaseURL+"/audit"), sofia.Press("Comparer maintenant", nil), sofia.Says("Rien à signaler"))
		}},
	}
}
