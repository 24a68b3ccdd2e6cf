package consent_test

import (
	"testing"
	"time"
)

// Who removes a number holds the citizen and goes on to the number. Who asks takes them in the same order, and waits.
func TestConsent_LocksTheCitizenFirst(t *testing.T) {
	t.Parallel()
	c := open(t)
	tx, err := c.Connect(t, c.Superuser).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select from citizen where id = $1 for update`, c.angela); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := c.Consents.Start(t.Context(), c.Jeanne, c.request); done <- err }()
	watch := c.Connect(t, c.Superuser)
	for waits := false; !waits; time.Sleep(10 * time.Millisecond) {
		if err := watch.QueryRow(t.Context(), `select exists (select from pg_locks where not granted)`).Scan(&waits); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Exec(t.Context(), `select from phone where citizen_id = $1 and state = 'verified' for update nowait`, c.angela); err != nil {
		t.Errorf("the number is held by who waits for the citizen: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
