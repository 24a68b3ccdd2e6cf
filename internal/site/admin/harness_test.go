package admin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"mandat/internal/card"
	"mandat/internal/certification"
	"mandat/internal/client"
	"mandat/internal/credential"
	"mandat/internal/erasure"
	"mandat/internal/invitation"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/phone"
	"mandat/internal/retention"
	"mandat/internal/sirene"
	"mandat/internal/sitetest"
)

// office is the site with people, on a database of its own.
type office struct {
	*sitetest.Office
	invitations    *invitation.Register
	certifications *certification.Register
	credentials    *credential.Register
	cards          *card.Stock
	clients        *client.Registry
	erasures       *erasure.Register
	ada, alan      journal.Actor // administrators
}

// minimum is the score from which a test is passed.
const minimum = 700

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Office: sitetest.New(t)}
	o.ada, o.alan = o.Administrator(t, "ada"), o.Administrator(t, "alan")
	o.invitations, o.credentials, o.cards = o.Invitations, o.Credentials(t), card.New(o.DB, o.Journal, o.Keys)
	o.certifications = certification.New(o.DB, o.Journal, o.Keys, o.Clock, minimum)
	file, err := client.New([]client.Client{{ID: "franceconnect", Name: "FranceConnect", Kind: client.FranceConnect, Secret: client.NewSecret("a-secret-of-at-least-thirty-two-characters"), Auth: client.SecretPost,
		RedirectURIs: []string{"https://fc.exemple.test/oidc-callback"}}})
	if err == nil {
		o.clients, err = file.On(o.DB, o.Journal, o.Catalogue, o.Clock)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.erasures = erasure.New(o.DB, o.Journal, phone.New(o.DB, o.Journal, o.Citizens, o.Keys, o.Clock, nil), o.Clock, nil)
	businesses := httptest.NewServer(http.HandlerFunc(directory))
	t.Cleanup(businesses.Close)
	o.Serve(t, (&Site{Pages: o.Pages, Sessions: o.Sessions, Directory: o.Directory, Invitations: o.invitations, Certifications: o.certifications, Credentials: o.credentials, Cards: o.cards,
		Board: jobs.NewBoard(o.DB), Businesses: sirene.New(businesses.URL, o.Clock), Catalogue: o.Catalogue, Clients: o.clients, Retention: retention.New(o.DB, o.Journal, o.erasures, o.Clock), Erasures: o.erasures, Clock: o.Clock, Database: o.DB}).Mount)
	return o
}

// known is an establishment that the directory of businesses knows, and unknown one that it does not. At a third one it fails.
const known, unknown, broken = "13002526500013", "21750001600019", "35600000049837"

// directory answers as the directory of businesses does.
func directory(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Query().Get("q") {
	case known:
		_, _ = io.WriteString(w, `{"results":[{"nom_complet":"x","nom_raison_sociale":"DIRECTION DU NUMERIQUE","siege":{"siret":"`+known+`","adresse":"20 AVENUE DE SEGUR 75007 PARIS","code_postal":"75007","libelle_commune":"PARIS","commune":"75107","etat_administratif":"A"},"matching_etablissements":[]}]}`)
	case unknown:
		_, _ = io.WriteString(w, `{"results":[]}`)
	default:
		w.WriteHeader(http.StatusInternalServerError)
	}
}

func (o *office) enter(t *testing.T) *sitetest.Browser {
	t.Helper()
	return o.Visit(t, o.ada, o.Clock.Now())
}

func path(by journal.Actor) string { return personPath(by.Person) }
