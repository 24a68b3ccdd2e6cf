package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) {
		o.Unverified, o.Failing = "the database is taken away", "the database is taken away"
	})
	nobody := site.Stranger(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := nobody.Get(path); a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	// Nobody may connect to this test's database any more, and who is connected is put out.
	conn := site.Connect(t, strings.Replace(site.Superuser, "/"+site.Name, "/postgres", 1))
	for _, sql := range []string{"alter database " + site.Name + " allow_connections false",
		"select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + site.Name + "'"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the server says that it is not ready", func() bool { return nobody.Get("/readyz").Status == http.StatusServiceUnavailable })
	if a := nobody.Get("/healthz"); a.Status != http.StatusOK {
		t.Errorf("a server without database is restarted for nothing: %d", a.Status)
	}
	if a := nobody.Get("/"); a.Status != http.StatusOK {
		t.Errorf("a page that needs no database: %d", a.Status)
	}
	if a := nobody.Get("/mandats/nouveau"); a.Status != http.StatusServiceUnavailable || !strings.Contains(a.Body, "<h1") {
		t.Errorf("a page that needs the database: %d", a.Status)
	}
	if _, err := conn.Exec(t.Context(), "alter database "+site.Name+" allow_connections true"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server is ready again", func() bool { return nobody.Get("/readyz").Status == http.StatusOK })
}

func TestMetrics_OnTheirOwnListenerOnly(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	if a := site.Stranger(t).Get("/metrics"); a.Status != http.StatusNotFound {
		t.Errorf("the public listener shows metrics: %d", a.Status)
	}
	text := metrics(t, site)
	for _, name := range []string{"mandat_request_seconds_count", "mandat_journal_size", "mandat_journal_behind_seconds", "mandat_compare_differences", "mandat_journal_whole", "mandat_db_connections_in_use",
		`mandat_key_age_seconds{use="id_token"}`, `mandat_key_age_seconds{use="receipt"}`, `mandat_key_age_seconds{use="assertion"}`, "mandat_seal_end_timestamp_seconds"} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("no metric %s", name)
		}
	}
	resp, err := http.Get(site.Metrics + "/espace")
	must(t, err)
	must(t, resp.Body.Close())
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("the listener of the metrics serves pages: %d", resp.StatusCode)
	}
}

func metrics(t testing.TB, site *apptest.Site) string {
	t.Helper()
	resp, err := http.Get(site.Metrics + "/metrics")
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return string(body)
}

// eventually polls until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
