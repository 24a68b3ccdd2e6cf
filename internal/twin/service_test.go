package twin_test

import (
	"net/http"
	"strings"
	"testing"

	"mandat/internal/browse"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

func TestServiceGreetsTheCitizen(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	p := newIdentityProvider(t, tw, "ES256")
	id := twintest.Name("impots")
	if err := tw.PutService(t.Context(), twin.Service{ID: id, Name: "Impôts de démonstration", Perimeters: []string{"Argent-Impots-Consommation"}, Providers: []string{p.uid}}); err != nil {
		t.Fatal(err)
	}
	b := browse.New()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(b.Get(tw.Service))
	do(b.Press("login="+id, nil))
	do(b.Press("login=avec_nom_dusage", nil))
	do(b.Press("continue=1", nil))
	if b.TextByID("greeting") != "Bonjour Angela Claire Louise MARTIN" || b.TextByID("idp") != "demo-eidas-faible" {
		t.Fatal(b.Text())
	}
	do(b.Press("logout="+id, nil))
	do(b.Press("#continue", nil))
	if b.URL().Path != "/" || b.ByID("greeting") != nil {
		t.Fatalf("after logout at %s: %s", b.URL(), b.Text())
	}
	do(b.Press("login="+id, nil))
	do(b.Press("idp="+p.uid, nil))
	do(b.Press("continue=1", nil))
	if b.TextByID("greeting") != "Bonjour Rose Marie VASSEUR" || b.TextByID("idp") != p.uid || !strings.HasSuffix(b.TextByID("sub"), "v1") {
		t.Fatal(b.Text())
	}
	do(b.Get(tw.Service + "/" + id))
	if b.ByID("greeting") == nil {
		t.Error("the session of the service is lost")
	}
}

func TestServiceShowsWhatWentWrong(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	id := twintest.Name("allocations")
	if err := tw.PutService(t.Context(), twin.Service{ID: id, Name: "Allocations de démonstration", Hidden: true}); err != nil {
		t.Fatal(err)
	}
	b := browse.New()
	if err := b.Get(tw.Service); err != nil || b.HasButton("login="+id) {
		t.Errorf("hidden service on the home page (%v)", err)
	}
	if err := b.Get(tw.Service + "/" + id); err != nil {
		t.Fatal(err)
	}
	for _, button := range []string{"login=" + id, "cancel=1"} {
		if err := b.Press(button, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.TextByID("error"); got != "access_denied : User auth aborted" {
		t.Errorf("%q", got)
	}
}

func TestServiceWithoutFranceConnect(t *testing.T) {
	t.Parallel()
	tw := twintest.Own(t, twin.Config{Service: twin.ServiceConfig{Services: []twin.Service{{ID: "impots", Name: "Impôts"}}}})
	if err := tw.SetFault(t.Context(), "down", twin.Fault{Role: twin.FranceConnect, Status: http.StatusServiceUnavailable}); err != nil {
		t.Fatal(err)
	}
	b := browse.New()
	if err := b.Get(tw.Service); err != nil {
		t.Fatal(err)
	}
	if err := b.Press("login=impots", nil); err != nil || b.Status() != http.StatusBadGateway || b.ByID("error") == nil {
		t.Errorf("%v: %d %s", err, b.Status(), b.Text())
	}
}

// What a service without prompt=login does in a browser that another one has used: nobody is asked.
func TestServiceWithSingleSignOn(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	first, second, asking := twintest.Name("un"), twintest.Name("deux"), twintest.Name("trois")
	b := browse.New()
	for id, sso := range map[string]bool{first: true, second: true, asking: false} {
		if err := tw.PutService(t.Context(), twin.Service{ID: id, Name: id, SSO: sso}); err != nil {
			t.Fatal(err)
		}
	}
	press := func(buttons ...string) {
		t.Helper()
		for _, button := range buttons {
			if err := b.Press(button, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	open := func(id string) {
		t.Helper()
		if err := b.Get(tw.Service); err != nil {
			t.Fatal(err)
		}
		press("login=" + id)
	}
	open(first)
	press("login=test", "continue=1")
	open(second)
	press("continue=1") // the data of a new service are shown, the person is not asked for
	if b.TextByID("greeting") == "" {
		t.Errorf("%s", b.Text())
	}
	open(asking)
	if !b.HasButton("login=test") {
		t.Errorf("prompt=login does not ask: %s", b.Text())
	}
}
