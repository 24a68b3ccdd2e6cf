package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"mandat/internal/client"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

const newServicePath = "/admin/services/nouveau"

var services = page.Link{Href: "/admin/services", Text: "admin.service.list"}

func (s *Site) mountServices(r *page.Router) {
	r.Get("/admin/services", page.Administrator, s.listServices)
	r.Get(newServicePath, page.Administrator, s.showNewService)
	r.Post("/admin/services", page.Administrator, s.doRegisterService)
	r.Get("/admin/services/{client}", page.Administrator, s.showService)
	r.Get("/admin/services/{client}/modification", page.Administrator, s.showChangeService)
	r.Post("/admin/services/{client}/modification", page.Administrator, s.doChangeService)
	r.Get("/admin/services/{client}/secret", page.Administrator, s.showReplaceSecret)
	r.Post("/admin/services/{client}/secret", page.Administrator, s.doReplaceSecret)
	r.Get("/admin/services/{client}/fermeture", page.Administrator, s.showCloseService)
	r.Post("/admin/services/{client}/fermeture", page.Administrator, s.doCloseService)
	r.Post("/admin/services/{client}/reouverture", page.Administrator, s.doReopenService)
}

// servicePath is the page of a client. The operator may give any id.
func servicePath(id string) string { return services.Href + "/" + url.PathEscape(id) }

type servicesPage struct {
	page.Common
	Services []client.Registered
	Notice   string
}

func (s *Site) listServices(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &servicesPage{Common: page.Common{Title: services.Text, Current: home.Href, Trail: []page.Link{home}}}
	if p.Services, err = s.Clients.List(r.Context(), at.Actor()); err != nil {
		return refusal(err)
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/services.html", p)
}

type servicePage struct {
	page.Common
	Service    client.Registered
	Path       string
	Sees       []string // kinds of data
	Procedures []staff.Theme
	Former     bool // the secret before still counts
	Notice     string
}

func (s *Site) showService(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.service(r)
	if err != nil {
		return err
	}
	p := &servicePage{Common: page.Common{Title: "admin.service.title", Current: home.Href, Trail: []page.Link{home, services}}, Service: c, Path: servicePath(c.ID), Sees: sees(&c.Client),
		Procedures: staff.Allowed(s.Catalogue, page.Lang(r), c.Procedures), Former: !c.FormerUntil.IsZero()}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/service.html", p)
}

// secretPage is admin/service_secret.html: the only time that a secret is shown.
type secretPage struct {
	page.Common
	Name, ID, Secret, Path string
	Until                  time.Time // until when the one before counts; zero is not
}

// tell answers with a secret that was just made.
func (s *Site) tell(w http.ResponseWriter, r *http.Request, p *secretPage) error {
	p.Common, p.Path = page.Common{Title: "admin.service.secret.title", Current: home.Href, Trail: []page.Link{home, services}}, servicePath(p.ID)
	return s.Pages.Render(w, r, http.StatusOK, "admin/service_secret.html", p)
}

type replacePage struct {
	page.Common
	Service client.Registered
	Path    string
	Hours   int // for which the secret before still counts
}

func (s *Site) replacing(c client.Registered) *replacePage {
	path := servicePath(c.ID)
	return &replacePage{Common: page.Common{Title: "admin.service.replace.title", Current: home.Href, Trail: []page.Link{home, services, {Href: path, Text: "admin.service.title"}}},
		Service: c, Path: path, Hours: int(client.FormerLife / time.Hour)}
}

func (s *Site) showReplaceSecret(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.service(r)
	if err != nil {
		return err
	}
	return s.acts().Begin(w, r, at, servicePath(c.ID)+"/secret", nil, func(form *page.Form, status int) error {
		p := s.replacing(c)
		p.Form = form
		return s.Pages.Render(w, r, status, "admin/service_replace.html", p)
	})
}

func (s *Site) doReplaceSecret(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.service(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	stolen := form.Ticked("stolen")
	secret, err := s.Clients.Replace(r.Context(), at.Actor(), c.ID, stolen)
	if err != nil {
		return s.refusedService(w, r, servicePath(c.ID)+"/secret", form, err)
	}
	told := &secretPage{Name: c.Name, ID: c.ID, Secret: secret}
	if !stolen {
		told.Until = s.Clock.Now().Add(client.FormerLife)
	}
	return s.tell(w, r, told)
}

func (s *Site) showCloseService(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.service(r)
	if err != nil {
		return err
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	return s.confirm(w, r, &confirmPage{Common: page.Common{Trail: []page.Link{home, services}, Current: home.Href}, Key: "admin.service.close.", Name: c.Name,
		Action: servicePath(c.ID) + "/fermeture", Back: servicePath(c.ID)})
}

func (s *Site) doCloseService(w http.ResponseWriter, r *http.Request) error {
	return s.onService(w, r, "admin.service.closed", s.Clients.Close)
}

func (s *Site) doReopenService(w http.ResponseWriter, r *http.Request) error {
	return s.onService(w, r, "admin.service.reopened", s.Clients.Reopen)
}

func (s *Site) onService(w http.ResponseWriter, r *http.Request, done string, do func(context.Context, journal.Actor, string) error) error {
	at, c, err := s.service(r)
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, servicePath(c.ID), done, func() error {
		err := do(r.Context(), at.Actor(), c.ID)
		if errors.Is(err, client.ErrFiled) {
			return page.NewProblem(http.StatusConflict, "admin.problem.filed", services.Href)
		}
		return err
	})
}
