package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/mail"
	"mandat/internal/prose"
	"mandat/internal/sms"
)

// Links make the secrets of messages, when they are written. Each returns db.ErrNotFound or db.ErrConflict when there is nothing to tell
// any more.
type Links struct {
	Invitation func(ctx context.Context, id uuid.UUID) (secret string, err error)
	SignIn     func(ctx context.Context, id uuid.UUID) (secret string, err error) // id is the message's About
	Reset      func(ctx context.Context, id uuid.UUID) (secret string, err error) // id is the message's About
	Contact    func(ctx context.Context, person uuid.UUID, kind string) (to, secret string, err error)
	Mails      func(ctx context.Context, citizen uuid.UUID) (secret string, err error)
}

// Config is what a Post needs. Without Mail or SMS what would go that way fails.
type Config struct {
	BaseURL string
	Mail    *mail.Sender
	SMS     *sms.Gateway
	Links   Links

	Citizens *citizen.Register // opens citizens' addresses
	Contact  Contact           // where citizens reach the service
}

// Post sends messages.
type Post struct {
	db     *db.DB
	clock  *clock.Clock
	config Config
	texts  texts
}

// New returns the post that works off the rows of this database.
func New(d *db.DB, c *clock.Clock, config Config) (*Post, error) {
	t, err := load()
	if err != nil {
		return nil, fmt.Errorf("texts of messages: %w", err)
	}
	return &Post{db: d, clock: c, config: config, texts: t}, nil
}

// Kind is the job that sends messages, for jobs.Start.
func (p *Post) Kind() jobs.Kind { return jobs.Kind{Name: Job, Timeout: time.Minute, Work: p.send} }

// send is the job: it takes a message from queued, or from failed when an administrator runs it again, to where it ends, or returns an
// error and is tried again.
func (p *Post) send(ctx context.Context, id uuid.UUID, last bool) error {
	m, err := p.find(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // sent already, or queued twice
	}
	if err != nil {
		return fmt.Errorf("find a message: %w", err)
	}
	k, ok := kinds[m.kind]
	if !ok || m.to == "" || p.clock.Now().After(m.at.Add(k.life)) {
		return p.end(ctx, id, dropped)
	}
	if m.mandate != nil && m.mandate.held {
		return p.hold(ctx, id)
	}
	switch err := p.hand(ctx, k, &m); {
	case err == nil:
		return p.end(ctx, id, sent)
	case errors.Is(err, db.ErrNotFound), errors.Is(err, db.ErrConflict):
		return p.end(ctx, id, dropped)
	case hopeless(err):
		return errors.Join(jobs.GiveUp(fmt.Errorf("%s: %w", m.kind, err)), p.end(ctx, id, failed))
	case last:
		return errors.Join(fmt.Errorf("%s: %w", m.kind, err), p.end(ctx, id, failed))
	default:
		return fmt.Errorf("%s: %w", m.kind, err)
	}
}

var errNoWay = errors.New("the settings name no way for such messages")

func hopeless(err error) bool {
	_, letter := errors.AsType[*mail.Refusal](err)
	_, short := errors.AsType[*sms.Refusal](err)
	return letter || short || errors.Is(err, errNoWay)
}

// hand writes a message and hands it over.
func (p *Post) hand(ctx context.Context, k kind, m *message) error {
	if k.channel == byMail && p.config.Mail == nil || k.channel == bySMS && p.config.SMS == nil {
		return errNoWay
	}
	if err := p.complete(ctx, k, m); err != nil {
		return err
	}
	if k.channel == bySMS {
		text, err := p.texts.short(m.kind, m.lang, m.facts)
		if err != nil {
			return err
		}
		return p.config.SMS.Send(ctx, m.id.String(), m.to, text)
	}
	letter, err := p.letter(m)
	if err != nil {
		return err
	}
	letter.ID, letter.To = m.id.String(), m.to
	return p.config.Mail.Send(ctx, letter)
}

// letter writes a mail, but for its address and id.
func (p *Post) letter(m *message) (mail.Letter, error) {
	if m.mandate == nil {
		return p.texts.letter(m.kind, m.lang, m.facts)
	}
	french, english := m.facts, m.facts
	m.mandate.tell(&french, "fr", p.config.Contact)
	english.When = prose.DateTime("en", m.at)
	m.mandate.tell(&english, "en", p.config.Contact)
	if english.Link != "" {
		english.Link += "?lang=en"
	}
	letter, err := p.texts.bilingual(m.kind, french, english)
	letter.Unsubscribe = m.facts.Link
	return letter, err
}

// complete adds what only exists now: the secret, and words for times.
func (p *Post) complete(ctx context.Context, k kind, m *message) error {
	secret, err := p.secret(ctx, k, m)
	if err != nil {
		return err
	}
	m.facts.complete(m, p.config.BaseURL)
	switch {
	case k.path != "":
		m.facts.Link = p.config.BaseURL + k.path + secret
	case k.page != "":
		m.facts.Link = p.config.BaseURL + k.page
	default:
		m.facts.Code = secret
	}
	return nil
}

func (p *Post) secret(ctx context.Context, k kind, m *message) (string, error) {
	links := p.config.Links
	switch k.secret {
	case invitationSecret:
		if m.invitation == nil {
			return "", db.ErrNotFound
		}
		return links.Invitation(ctx, *m.invitation)
	case signInSecret, resetSecret:
		id, err := uuid.Parse(m.about)
		if err != nil {
			return "", db.ErrNotFound
		}
		if k.secret == signInSecret {
			return links.SignIn(ctx, id)
		}
		return links.Reset(ctx, id)
	case contactSecret:
		to, secret, err := links.Contact(ctx, *m.person, strings.TrimPrefix(m.kind, "contact_"))
		m.to = to
		return secret, err
	case mailsSecret:
		return links.Mails(ctx, *m.citizen)
	default:
		return "", nil
	}
}

// Where a message ends.
const (
	sent    = "sent"
	dropped = "dropped" // nobody to tell, or too late
	failed  = "failed"
)

func (p *Post) end(ctx context.Context, id uuid.UUID, state string) error {
	err := p.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update notify_message set state = $2, ended_at = $3, former = case when $2 = 'failed' then former end where id = $1 and state in ('queued', 'failed')`, id, state, p.clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("note what became of a message: %w", err)
	}
	return nil
}
