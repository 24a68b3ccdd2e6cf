package consent_test

import (
	"testing"
	"time"

	"mandat/internal/consent"
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

// An answer that comes while the draft is being signed otherwise waits for that, without holding what a signature asks for, and sees it.
func TestAnswer_WaitsForTheSignature(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := c.ask()
	tx, err := c.Connect(t, c.Superuser).Begin(t.Context())
	c.want("begin", err, nil)
	_, err = tx.Exec(t.Context(), `set local session_replication_role = replica`)
	c.want("begin", err, nil)
	_, err = tx.Exec(t.Context(), signed, c.request.Draft)
	c.want("sign", err, nil)
	done := make(chan error, 1)
	act := c.answers(id, "non")
	go func() { done <- act() }()
	watch := c.Connect(t, c.Superuser)
	for waits := false; !waits && len(done) == 0; time.Sleep(10 * time.Millisecond) {
		c.want("watch", watch.QueryRow(t.Context(), `select exists (select from pg_locks where not granted)`).Scan(&waits), nil)
	}
	_, err = tx.Exec(t.Context(), `select from consent where id = $1 for update nowait`, id)
	c.want("the answer holds the request while it waits", err, nil)
	c.want("commit", tx.Commit(t.Context()), nil)
	c.want("answer", <-done, nil)
	c.state(consent.Sent)
	c.content()
}
