package client_test

import (
	"testing"

	"mandat/internal/token"
)

// A service keeps its name when it is closed, and who was never registered keeps the client_id that was told.
func TestName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, ada := token.ID(), w.Administrator(t, "ada")
	c := service()
	c.Name = "Impôts (essai)"
	if _, err := w.Register(t.Context(), ada, id, c); err != nil {
		t.Fatal(err)
	}
	wants := func(id, want string) {
		t.Helper()
		if name, err := w.Name(t.Context(), id); name != want || err != nil {
			t.Errorf("%s is called %q, %v, want %q", id, name, err, want)
		}
	}
	wants(id.String(), "Impôts (essai)")
	wants(filed, service().Name)
	if err := w.Close(t.Context(), ada, id.String()); err != nil {
		t.Fatal(err)
	}
	wants(id.String(), "Impôts (essai)")
	wants("gone", "gone")
	never := token.ID().String()
	wants(never, never)
}
