package page_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mandat/internal/page"
)

// A body that never comes takes no place from others, and is given up; a slower one that comes in time is read whole.
func TestBody_TakesNoPlaceBeforeItIsThere(t *testing.T) {
	t.Parallel()
	r := page.NewRouter(page.RouterOptions{Pages: pages(t), Log: slog.New(slog.DiscardHandler), MaxRequests: 1})
	r.Get("/x", page.Public, answer("x"))
	r.Post("/x", page.Public, func(w http.ResponseWriter, r *http.Request) error {
		f, err := page.ParseForm(r)
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, f.Value("a"))
		return err
	})
	s := httptest.NewServer(r.Start())
	t.Cleanup(s.Close)
	stalled := make(chan string, 1)
	send(t, s, 60_000, "a", stalled)
	halves := make(chan string, 1)
	rest := send(t, s, 7, "a=be", halves)
	for n := 0; ; n++ {
		resp, err := s.Client().Get(s.URL + "/x")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("a page while a body is awaited: %d", resp.StatusCode)
		}
		if n == 5 {
			if _, err := io.WriteString(rest, "gun"); err != nil {
				t.Fatal(err)
			}
			if got := <-halves; !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.HasSuffix(got, "begun") {
				t.Errorf("in two parts: %q", got)
			}
		}
		select {
		case got := <-stalled:
			if !strings.HasPrefix(got, "HTTP/1.1 408") || !strings.Contains(got, "Connection: close") {
				t.Errorf("a body that never came: %q", got)
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// send begins a POST with a body of this length; what the server answers until it closes comes to out.
func send(t *testing.T, s *httptest.Server, length int, begin string, out chan<- string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", length, begin)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
		b, _ := io.ReadAll(conn)
		out <- string(b)
	}()
	return conn
}
