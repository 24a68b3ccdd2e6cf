package page

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// receive reads a request's body whole, as a rule before the request gets one of the places: who sends slowly, or not at all, holds
// a connection and keeps nobody else out. After an error the deadline stands, so that the server does not wait for the rest.
func receive(w http.ResponseWriter, req *http.Request, most int64, within time.Duration) error {
	if req.Body == nil || req.Body == http.NoBody {
		return nil
	}
	deadline := http.NewResponseController(w)
	if err := deadline.SetReadDeadline(time.Now().Add(within)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set the time for the body: %w", err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, most))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.Header().Set("Connection", "close")
		return known(http.StatusRequestTimeout, "busy")
	}
	if err != nil { // the connection broke, or what came on it is not HTTP
		w.Header().Set("Connection", "close")
		return known(http.StatusBadRequest, "bad_request")
	}
	if err := deadline.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("end the time for the body: %w", err)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}
