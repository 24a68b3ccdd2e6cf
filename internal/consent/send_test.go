package consent_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/consent"
)

// While the gateway is down the page can say so and the job tries again, with the same id; what it refuses, or does not take for hours, has failed.
func TestSend_GatewayDown(t *testing.T) {
	t.Parallel()
	c := open(t)
	id, err := c.Consents.Start(t.Context(), c.Jeanne, c.request)
	c.want("ask", err, nil)
	recap := c.Message(t, id, "recap")
	c.Box.Answer(angelas, 503, 401)
	for range 2 {
		if err := c.Consents.Kind().Work(t.Context(), recap, false); err == nil {
			t.Error("sent, although the gateway is down")
		}
	}
	if got := c.state(consent.Queued); !got.Delayed {
		t.Error("the page cannot say that it is down")
	}
	c.Send(t, id)
	if got := c.state(consent.Sent); got.Delayed {
		t.Error("the page says that it is down")
	}
	for name, x := range map[string]struct {
		code int
		last bool
	}{"refused": {422, false}, "never": {503, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			id, err := c.Consents.Start(t.Context(), c.Jeanne, c.request)
			c.want("ask", err, nil)
			c.Box.Answer(angelas, x.code)
			if err := c.Consents.Kind().Work(t.Context(), c.Message(t, id, "recap"), x.last); err == nil {
				t.Error("sent")
			}
			c.state(consent.Failed)
			c.Send(t, id) // the question does not leave
			c.state(consent.Failed)
			c.Answer(t, id, angelas, "oui")
			c.state(consent.Failed)
			if _, err := c.Consents.Start(t.Context(), c.Jeanne, c.request); err != nil {
				t.Errorf("asked anew: %v", err)
			}
			c.content()
		})
	}
}

// What was not delivered was not read: the request fails, also after a yes; what was delivered is told.
func TestReport(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"recap", "request"} {
		c := open(t)
		id := c.ask()
		c.want("report", c.Consents.Report(t.Context(), c.Message(t, id, kind), true), nil)
		if got := c.state(consent.Sent); got.Delivered != (kind == "request") {
			t.Errorf("delivered: %v", got.Delivered)
		}
		c.Answer(t, id, angelas, "oui")
		other := map[string]string{"recap": "request", "request": "recap"}[kind]
		c.want("report", c.Consents.Report(t.Context(), c.Message(t, id, "accepted"), false), nil)
		c.state(consent.Yes)
		c.want("report", c.Consents.Report(t.Context(), c.Message(t, id, kind), false), nil) // it was delivered already
		c.state(consent.Yes)
		c.want("report", c.Consents.Report(t.Context(), c.Message(t, id, other), false), nil)
		c.state(consent.Failed)
		c.want("sign", c.sign(c.angela, 3, c.request.Digest), errNoYes)
		c.content()
	}
	c := open(t)
	for _, delivered := range []bool{true, false} {
		c.want("of no message", c.Consents.Report(t.Context(), uuid.New(), delivered), nil)
	}
}

// The gateway may tell of a message before we know that it took it, and so may the citizen.
func TestReportAndAnswer_BeforeWeKnow(t *testing.T) {
	t.Parallel()
	c := open(t)
	id, err := c.Consents.Start(t.Context(), c.Jeanne, c.request)
	c.want("ask", err, nil)
	c.want("send", c.Consents.Kind().Work(t.Context(), c.Message(t, id, "recap"), false), nil)
	question := c.Message(t, id, "request")
	c.want("report", c.Consents.Report(t.Context(), question, true), nil)
	c.want("answer", c.Consents.Answer(t.Context(), question, angelas, "oui"), nil)
	c.Send(t, id)
	c.state(consent.Yes)
	c.content()

	c = open(t)
	id, err = c.Consents.Start(t.Context(), c.Jeanne, c.request)
	c.want("ask", err, nil)
	c.want("send", c.Consents.Kind().Work(t.Context(), c.Message(t, id, "recap"), false), nil)
	for _, text := range []string{"oui", "attendez"} {
		c.want(text, c.Consents.Answer(t.Context(), c.Message(t, id, "request"), angelas, text), nil)
	}
	c.state(consent.Queued)
	c.Send(t, id)
	if got := c.state(consent.Sent); got.SentAt.IsZero() {
		t.Error("when the question left is not known")
	}
	c.content()
}

func TestExpire(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.Answer(t, c.ask(), angelas, "oui")
	if n, err := c.Consents.Expire(t.Context()); n != 0 || err != nil {
		t.Errorf("%d ended, %v", n, err)
	}
	c.Clock.Advance(consent.Life)
	for _, want := range []int{1, 0} {
		if n, err := c.Consents.Expire(t.Context()); n != want || err != nil {
			t.Errorf("%d ended, want %d, %v", n, want, err)
		}
	}
	c.state(consent.Expired)
	c.content()
	c.want("purge", c.Consents.Purge(t.Context()), nil)
	c.state(consent.Expired)
	c.Clock.Advance(consent.Kept)
	c.want("purge", c.Consents.Purge(t.Context()), nil)
	var n int
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select (select count(*) from consent) + (select count(*) from consent_message)`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are kept, %v", n, err)
	}
}

// Yes and no at once, an answer and the end of its time, an answer and a cancellation, an answer and the signature: one of them is first, each changes
// what it finds, and the entries tell it.
func TestAnswer_Races(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		ready string // what was answered before
		acts  func(c *counter, id uuid.UUID) []func() error
		ends  []string
	}{
		"yes at once": {"", func(c *counter, id uuid.UUID) []func() error {
			return []func() error{c.answers(id, "oui"), c.answers(id, "ok"), c.answers(id, "oui"), c.answers(id, "d'accord")}
		}, []string{consent.Yes}},
		"yes and no": {"", func(c *counter, id uuid.UUID) []func() error {
			return []func() error{c.answers(id, "oui"), c.answers(id, "non")}
		}, []string{consent.No}},
		"answer and expiry": {"", func(c *counter, id uuid.UUID) []func() error {
			return []func() error{c.answers(id, "oui"), func() error { _, err := c.Consents.Expire(c.t.Context()); return err }, c.answers(id, "oui")}
		}, []string{consent.Expired}},
		"answer and cancellation": {"", func(c *counter, id uuid.UUID) []func() error {
			return []func() error{c.answers(id, "oui"), func() error { return c.Consents.Cancel(c.t.Context(), c.Jeanne, c.request.Draft) }}
		}, []string{consent.Cancelled}},
		"no and signature": {"oui", func(c *counter, id uuid.UUID) []func() error {
			return []func() error{c.answers(id, "non"), func() error {
				if err := c.sign(c.angela, 3, c.request.Digest); !errors.Is(err, errNoYes) {
					return err
				}
				return nil
			}}
		}, []string{consent.No, consent.Used}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 4 {
				c := open(t) // who said no is not asked again
				id := c.ask()
				if x.ready != "" {
					c.Answer(t, id, angelas, x.ready)
				}
				if name == "answer and expiry" {
					c.Clock.Advance(consent.Life)
				}
				var wg sync.WaitGroup
				for _, act := range x.acts(c, id) {
					wg.Go(func() {
						if err := act(); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				got, err := c.Consents.Latest(t.Context(), c.Jeanne, c.request.Draft)
				if err != nil || !strings.Contains(strings.Join(x.ends, " "), got.State) {
					t.Errorf("ends as %s, want one of %v, %v", got.State, x.ends, err)
				}
				if name != "answer and expiry" {
					c.content()
				}
			}
		})
	}
}

func (c *counter) answers(id uuid.UUID, text string) func() error {
	question := c.Message(c.t, id, "request")
	return func() error { return c.Consents.Answer(c.t.Context(), question, angelas, text) }
}

// A long recap goes in numbered parts, in their order, and each lets the next one leave by its job.
func TestSend_InOrder(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.request.Procedures = nil
	for n := range 40 {
		c.request.Procedures = append(c.request.Procedures, fmt.Sprintf("Démarche numéro %d, avec un nom assez long", n))
	}
	before := len(c.Box.To(angelas))
	id := c.ask()
	said := c.Box.To(angelas)[before:]
	var whole strings.Builder
	for i, m := range said[:len(said)-1] {
		if !strings.HasPrefix(m.Text, fmt.Sprintf("(%d/%d) ", i+1, len(said)-1)) {
			t.Errorf("%d: %q", i, m.Text)
		}
		whole.WriteString(m.Text)
	}
	if len(said) < 6 || !strings.Contains(whole.String(), "numéro 39,") || !strings.Contains(said[len(said)-1].Text, "OUI") {
		t.Errorf("%d messages", len(said))
	}
	var jobs int
	if err := c.Connect(t, c.Superuser).QueryRow(t.Context(), `select count(*) from river_job where args ->> 'name' = $1`, consent.Job).Scan(&jobs); err != nil || jobs != len(said) {
		t.Errorf("%d jobs for %d messages, %v", jobs, len(said), err)
	}
	if got := c.state(consent.Sent); got.ID != id || time.Since(got.SentAt) < 0 {
		t.Errorf("%+v", got)
	}
}
