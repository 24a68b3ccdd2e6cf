package page

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// WriteJSON answers a module of ours.
func WriteJSON(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // an error here is a browser that has gone
	return nil
}

// Refuse answers a module of ours that what it asked for was refused. problem names one of the texts that its page holds.
func Refuse(w http.ResponseWriter, status int, problem string) error {
	return WriteJSON(w, status, map[string]string{"problem": problem})
}
