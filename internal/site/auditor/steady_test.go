package auditor

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// answering starts a server whose answers have half a second, and returns its address and what comes of each answer.
func answering(t *testing.T, answer func(w http.ResponseWriter) error) (address string, ended <-chan error) {
	t.Helper()
	out := make(chan error, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { out <- answer(w) }))
	s.Config.WriteTimeout = 500 * time.Millisecond
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), out
}

// Who reads gets all of an answer that takes longer than answers have.
func TestSteady_ALongAnswer(t *testing.T) {
	t.Parallel()
	some := bytes.Repeat([]byte("journal "), 3*pieceOf/8)
	address, ended := answering(t, func(w http.ResponseWriter) error {
		for range 4 {
			if n, err := (&steady{w, time.Minute}).Write(some); err != nil || n != len(some) {
				return errors.Join(err, io.ErrShortWrite)
			}
			time.Sleep(250 * time.Millisecond)
		}
		return nil
	})
	client := &http.Client{}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(a.Body)
	if err := errors.Join(err, a.Body.Close(), <-ended); err != nil || !bytes.Equal(got, bytes.Repeat(some, 4)) {
		t.Errorf("%d bytes of %d, %v", len(got), 4*len(some), err)
	}
}

// Who stops reading is cut off.
func TestSteady_NobodyReads(t *testing.T) {
	t.Parallel()
	address, ended := answering(t, func(w http.ResponseWriter) error {
		_, err := (&steady{w, 200 * time.Millisecond}).Write(make([]byte, 256<<20))
		return err
	})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: journal\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
