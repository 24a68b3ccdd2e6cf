package demo

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/mailbox"
	"mandat/internal/walk"
)

// mail waits for a message.
func (c *check) mail(to, words string) (mailbox.Message, error) { return c.arrives(0, to, words) }

// arrives waits for a message after the one with a number, and says what came instead.
func (c *check) arrives(after int, to, words string) (mailbox.Message, error) {
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	m, err := c.Mailbox.WaitAfter(ctx, after, to, words)
	if err != nil {
		came := []string{}
		for _, x := range c.Mailbox.To(to) {
			if x.Number > after {
				came = append(came, fmt.Sprintf("%.200s", x.Subject+x.Text))
			}
		}
		err = fmt.Errorf("%w; what came: %q", err, came)
	}
	return m, err
}

// arrived is the number of the last message that anybody got.
func (c *check) arrived() int { return len(c.Mailbox.To("")) }

func (c *check) open(w *walk.Walker, path string) func() error {
	return func() error { return w.Get(c.Config.BaseURL + path) }
}

func says(w *walk.Walker, words string) func() error { return func() error { return w.Says(words) } }

func at(w *walk.Walker, path string) func() error { return func() error { return w.At(path) } }

func press(w *walk.Walker, button string, values url.Values) func() error {
	return func() error { return w.Press(button, values) }
}

func status(w *walk.Walker, want int) func() error {
	return func() error {
		if w.Status() != want {
			return fmt.Errorf("status %d, want %d: %s", w.Status(), want, w.H1())
		}
		return nil
	}
}

// later makes the second factors that somebody gave a quarter of an hour older.
func (c *check) later(email string) func() error {
	return func() error {
		return c.superuser(func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, `update session set factor_at = factor_at - interval '16 minutes' from person p where p.id = person_id and p.email = $1`, email)
			return err
		})
	}
}
