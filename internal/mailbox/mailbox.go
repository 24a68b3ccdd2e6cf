// Package mailbox is where the mails and short messages of the demonstration and of tests arrive: a mail server that takes
// everything, an SMS gateway of the form that internal/sms speaks to, and a page on which people read both, click the
// links, and answer short messages as their receiver would (reply.go). Nothing leaves this machine.
//
//	box, err := mailbox.Start(ctx, mailbox.Options{})
//	… settings: SMTP_URL=box.SMTP(), SMS_URL=box.SMS(), SMS_TOKEN=box.Token, SMS_CALLBACK_KEY=box.Secret …
//	m, err := box.Wait(ctx, "jeanne@exemple.invalid", "lien de connexion")
//	browser.Get(m.Link())
package mailbox

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Options says where a box listens, and how strange it is. The zero value is a box for a test.
type Options struct {
	SMTPListen string // "" is any free port of 127.0.0.5
	PageListen string // of the page, and of the SMS gateway; "" is any free port of 127.0.0.5
	File       string // keeps what arrived between runs; "" forgets it

	TLS      *tls.Config // offers STARTTLS
	Implicit bool        // encrypts from the first byte instead
	Password string      // asks for it, of the user "mandat", once encrypted
}

// Message is a mail or a short message that arrived.
type Message struct {
	Number  int // in the order of arrival, from 1
	At      time.Time
	Channel string // mail or sms
	ID      string // Message-ID, or the id of the short message
	From    string
	To      string // of the envelope
	Lang    string
	Subject string
	Text    string
	HTML    string
	Headers map[string]string `json:",omitempty"` // of a mail, by canonical name
}

// address is an address in a text: it ends at a space, an unbreakable one too, as French puts before a colon.
var address = regexp.MustCompile(`https?://[^\s\x{a0}\x{202f}<>"]+`)

// Link is the first address in the text, "" if there is none.
func (m Message) Link() string { return address.FindString(m.Text) }

// Box takes messages until it is closed.
type Box struct {
	Token  string // for the SMS gateway
	Secret string // by which the gateway signs what it tells the site, for SMS_CALLBACK_KEY
	Site   string // address of the site that is told what receivers answer; "" lets nobody answer. Set it before messages arrive

	options  Options
	smtp     *smtp.Server
	http     *http.Server
	smtpAddr string
	pageAddr string

	mu       sync.Mutex
	messages []Message
	answers  map[string][]int // by recipient: what to answer instead of taking the next
	arrived  chan struct{}    // closed and replaced at each arrival
}

// Start opens a box. ctx bounds the start.
func Start(ctx context.Context, o Options) (*Box, error) {
	b := &Box{options: o, Token: rand.Text(), Secret: rand.Text() + rand.Text(), arrived: make(chan struct{}), answers: map[string][]int{}}
	if err := b.remember(); err != nil {
		return nil, err
	}
	var c net.ListenConfig
	mails, err := c.Listen(ctx, "tcp", or(o.SMTPListen, "127.0.0.5:0"))
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	pages, err := c.Listen(ctx, "tcp", or(o.PageListen, "127.0.0.5:0"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mailbox: %w", err), mails.Close())
	}
	b.smtpAddr, b.pageAddr = mails.Addr().String(), pages.Addr().String()
	b.smtp = b.mailServer()
	if o.Implicit {
		mails = tls.NewListener(mails, o.TLS)
	}
	b.http = &http.Server{Handler: b.pages(), ReadHeaderTimeout: time.Minute}
	go func() { _ = b.smtp.Serve(mails) }()
	go func() { _ = b.http.Serve(pages) }()
	return b, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Close ends the box.
func (b *Box) Close() error { return errors.Join(b.smtp.Close(), b.http.Close()) }

// SMTP is the address of the mail server, for SMTP_URL.
func (b *Box) SMTP() string { return "smtp://" + b.smtpAddr }

// SMS is the address of the SMS gateway, for SMS_URL.
func (b *Box) SMS() string { return b.Page() + "/sms" }

// Page is the address of the page.
func (b *Box) Page() string { return "http://" + b.pageAddr }

// Answer makes the mail server and the gateway answer the next messages to somebody with these codes (SMTP's, HTTP's)
// instead of taking them.
func (b *Box) Answer(to string, codes ...int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[strings.ToLower(to)] = codes
}

func (b *Box) answer(to string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	codes := b.answers[strings.ToLower(to)]
	if len(codes) == 0 {
		return 0
	}
	b.answers[strings.ToLower(to)] = codes[1:]
	return codes[0]
}

// To lists what arrived for somebody, oldest first; "" is everybody.
func (b *Box) To(to string) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Message
	for _, m := range b.messages {
		if to == "" || strings.EqualFold(m.To, to) {
			out = append(out, m)
		}
	}
	return out
}

// Wait returns the latest message to somebody whose subject or text contains words, as soon as there is one. Line breaks
// and unbreakable spaces count as spaces.
func (b *Box) Wait(ctx context.Context, to, words string) (Message, error) {
	return b.WaitAfter(ctx, 0, to, words)
}

// WaitAfter is Wait for a message that arrived after the one with a number.
func (b *Box) WaitAfter(ctx context.Context, number int, to, words string) (Message, error) {
	for {
		b.mu.Lock()
		arrived := b.arrived
		b.mu.Unlock()
		all := b.To(to)
		for i := len(all) - 1; i >= 0 && all[i].Number > number; i-- {
			if strings.Contains(plain(all[i].Subject+" "+all[i].Text), plain(words)) {
				return all[i], nil
			}
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("mailbox: no message to %s that says %q came: %w", to, words, ctx.Err())
		}
	}
}

func plain(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u202f", " ")), " ")
}

func (b *Box) put(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.Number, m.At = len(b.messages)+1, time.Now()
	b.messages = append(b.messages, m)
	close(b.arrived)
	b.arrived = make(chan struct{})
	if b.options.File == "" {
		return
	}
	line, err := json.Marshal(m)
	if err != nil {
		return
	}
	f, err := os.OpenFile(b.options.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return // it is on the page all the same
	}
	_, _ = f.Write(append(line, '\n'))
	_ = f.Close()
}

// remember reads what arrived in earlier runs.
func (b *Box) remember() error {
	if b.options.File == "" {
		return nil
	}
	content, err := os.ReadFile(filepath.Clean(b.options.File))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		var m Message
		if json.Unmarshal([]byte(line), &m) == nil {
			m.Number = len(b.messages) + 1
			b.messages = append(b.messages, m)
		}
	}
	return nil
}
