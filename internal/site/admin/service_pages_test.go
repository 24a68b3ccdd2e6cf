package admin

import (
	"encoding/json"
	"net/url"
	"testing"

	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/site/staff"
)

// servicePages are those of public services, each in each shape it can have.
func servicePages(t *testing.T) []shownPage {
	t.Helper()
	catalogue, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{Catalogue: catalogue}
	open := client.Registered{Client: client.Client{ID: someID.String(), Name: "Service de Ploërmel", Kind: client.Service, Auth: client.PrivateKeyJWT, AuthAlg: "ES256", JWKS: json.RawMessage(`{}`), RedirectURIs: []string{"https://a.test/", "https://b.test/"},
		PostLogoutRedirectURIs: []string{"https://a.test/fin"}, BackchannelLogoutURI: "https://a.test/x", PushedOnly: true, DPoP: true, Decision: true, UserInfoAlg: "ES256", UserInfoKeyAlg: "ECDH-ES", Procedures: []string{fixture.Tax}},
		State: client.Open, Version: "x", ChangedAt: now}
	closed := open
	closed.State, closed.ClosedAt, closed.JWKS, closed.JWKSURI, closed.Auth, closed.Scopes = client.Closed, now, nil, "https://a.test/jwks", client.SecretBasic, []string{"openid"}
	secret := open
	secret.Auth, secret.FormerUntil = client.SecretPost, later
	filed := client.Registered{Client: client.Client{ID: "franceconnect", Name: "FranceConnect", Kind: client.FranceConnect, Auth: client.SecretPost, Filed: true}, State: client.Open}
	list := func(all ...client.Registered) shownPage {
		return shownPage{"admin/services.html", func() page.Page {
			return &servicesPage{Common: page.Common{Title: services.Text}, Services: all, Notice: "admin.service.registered"}
		}}
	}
	record := func(c client.Registered) shownPage {
		return shownPage{"admin/service.html", func() page.Page {
			return &servicePage{Common: page.Common{Title: "admin.service.title"}, Service: c, Path: servicePath(c.ID), Sees: sees(&c.Client), Procedures: staff.Allowed(catalogue, "fr", c.Procedures), Former: !c.FormerUntil.IsZero(), Notice: "admin.service.changed"}
		}}
	}
	form := func(p *serviceForm, form *page.Form) shownPage {
		return shownPage{"admin/service_form.html", func() page.Page { s.fill(p, form, "fr"); return p }}
	}
	wrong := mistaken(url.Values{})
	for _, member := range serviceFields {
		wrong.Fail(member, "admin.service.wrong."+member)
	}
	told := func(p *secretPage) shownPage {
		p.Common, p.Name, p.ID, p.Secret, p.Path = page.Common{Title: "admin.service.secret.title"}, "Service", someID.String(), "secret", "/x"
		return shownPage{"admin/service_secret.html", func() page.Page { return p }}
	}
	return []shownPage{list(), list(filed, open, closed), record(open), record(closed), record(secret), record(filed), form(newService(nil), nil), form(newService(nil), wrong), form(changedService(open), filledWithService(&open.Client)),
		told(&secretPage{}), told(&secretPage{Until: later}), {"admin/service_replace.html", func() page.Page { return s.replacing(secret) }}}
}
