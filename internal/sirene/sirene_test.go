package sirene

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/clock"
)

const siret = "21750001600019"

const townHall = `{"results":[{"siren":"217500016","nom_complet":"VILLE DE PARIS (MAIRIE)","nom_raison_sociale":"VILLE DE PARIS","siege":{"siret":"21750001600019",
	"adresse":"PLACE DE L'HOTEL DE VILLE 75004 PARIS","code_postal":"75004","libelle_commune":"PARIS","commune":"75104","etat_administratif":"A"},"matching_etablissements":[]}],
	"total_results":1}`

// directory serves an answer and counts how often it was asked.
func directory(t *testing.T, status int, body string) (*Client, *clock.Clock, *atomic.Int32) {
	t.Helper()
	asked := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if got := r.URL.Query().Get("q"); r.URL.Path != "/search" || got != siret {
			t.Errorf("asked %s", r.URL)
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	c := &clock.Clock{}
	return New(server.URL+"/", c), c, asked
}

func TestFind_ReadsTheDirectorysAnswer(t *testing.T) {
	t.Parallel()
	paris := Establishment{Name: "VILLE DE PARIS", Address: "PLACE DE L'HOTEL DE VILLE", Postcode: "75004", City: "PARIS", INSEE: "75104"}
	closed := paris
	closed.Closed = true
	for name, c := range map[string]struct {
		status int
		body   string
		want   Establishment
		err    error
	}{
		"the seat":                {200, townHall, paris, nil},
		"another establishment":   {200, strings.Replace(strings.Replace(townHall, `"siege":`, `"siege":{"siret":"21750001600027"},"x":`, 1), `"matching_etablissements":[]`, `"matching_etablissements":[{"siret":"21750001600019","adresse":"PLACE DE L'HOTEL DE VILLE 75004 PARIS","code_postal":"75004","libelle_commune":"PARIS","commune":"75104"}]`, 1), paris, nil},
		"one that has ended":      {200, strings.Replace(townHall, `"etat_administratif":"A"`, `"etat_administratif":"F"`, 1), closed, nil},
		"what is not to be shown": {200, `{"results":[{"nom_complet":"[NON-DIFFUSIBLE]","siege":{"siret":"21750001600019","adresse":"[NON-DIFFUSIBLE]","code_postal":"75004"}}]}`, Establishment{Postcode: "75004"}, nil},
		"a long name":             {200, `{"results":[{"nom_complet":"` + strings.Repeat("é", 300) + `","siege":{"siret":"21750001600019"}}]}`, Establishment{Name: strings.Repeat("é", 200)}, nil},
		"somebody else":           {200, strings.ReplaceAll(townHall, siret, "21750001600027"), Establishment{}, ErrUnknown},
		"nobody":                  {200, `{"results":[]}`, Establishment{}, ErrUnknown},
		"too many requests":       {429, `{}`, Establishment{}, ErrUnavailable},
		"a broken answer":         {200, `<html>`, Establishment{}, ErrUnavailable},
		"an answer without end":   {200, `{"results":[` + strings.Repeat(" ", longest), Establishment{}, ErrUnavailable},
		"another address":         {302, townHall, Establishment{}, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _, _ := directory(t, c.status, c.body)
			got, err := client.Find(t.Context(), siret)
			if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestFind_AsksOnceADay(t *testing.T) {
	t.Parallel()
	client, c, asked := directory(t, 200, townHall)
	for i, want := range []int32{1, 1, 2} {
		if i == 2 {
			c.Advance(25 * time.Hour)
		}
		if _, err := client.Find(t.Context(), siret); err != nil || asked.Load() != want {
			t.Errorf("time %d: asked %d times, %v", i+1, asked.Load(), err)
		}
	}
	client, _, asked = directory(t, 500, "")
	for range 2 {
		_, _ = client.Find(t.Context(), siret)
	}
	if asked.Load() != 2 {
		t.Error("a failure is kept")
	}
}

func TestFind_DoesWithoutTheDirectory(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(held); server.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for name, find := range map[string]func() (Establishment, error){
		"none configured": func() (Establishment, error) { return New("", nil).Find(t.Context(), siret) },
		"nobody there":    func() (Establishment, error) { return New("http://127.0.0.1:1", nil).Find(t.Context(), siret) },
		"no answer":       func() (Establishment, error) { return New(server.URL, nil).Find(ctx, siret) },
		"no number":       func() (Establishment, error) { return New(server.URL, nil).Find(t.Context(), "2175000160001x") },
	} {
		if e, err := find(); !errors.Is(err, ErrUnavailable) || e != (Establishment{}) {
			t.Errorf("%s: %v %v", name, e, err)
		}
	}
}

// Memory stays bounded, whatever is asked.
func TestFind_KeepsAThousandAnswers(t *testing.T) {
	t.Parallel()
	c := New("http://127.0.0.1:1", nil)
	for i := range 3 * keepMost {
		c.keep(fmt.Sprint(i), answer{until: time.Now().Add(time.Hour)}, time.Now())
	}
	if len(c.known) > keepMost {
		t.Errorf("keeps %d", len(c.known))
	}
}
