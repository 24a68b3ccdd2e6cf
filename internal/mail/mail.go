// Package mail hands letters to a mail server (SMTP). It knows nothing of who gets them and why: internal/notify does.
//
// What it returns as errors names no address and quotes no server: an answer may repeat the address it was about.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Config says which server, and in whose name.
type Config struct {
	// URL is smtp://[user@]host[:587] for a server that is asked to encrypt (STARTTLS), and nothing is sent if it does not; or
	// smtps://[user@]host[:465] for one that does from the first byte. Only a server on this machine (a loopback address)
	// may do without.
	URL      string
	Password string         // for the user of URL
	From     string         // "Mandat <mandat@example.org>"
	Roots    *x509.CertPool // nil: the system's

	// Dial connects to host:port; nil is the net's. It is for tests, and for smtp:// only.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Letter is one mail.
type Letter struct {
	ID      string // the same for the same letter sent again: the left part of its Message-ID
	To      string // an address
	Lang    string // fr or en, or "fr, en" for both
	Subject string
	Text    string
	HTML    string

	// Unsubscribe is an https address at which a page lets its reader refuse further letters of this sort, and at which a mail program may do so in its reader's place by
	// one POST (RFC 8058); "" offers nothing.
	Unsubscribe string
}

// Refusal is the error of a letter that the server will never take: the address is not one, or nobody's. Trying again does
// not help.
type Refusal struct{ Code int }

// Error tells the server's code (RFC 5321 section 4.2).
func (r *Refusal) Error() string {
	return fmt.Sprintf("the mail server refused the letter (%d)", r.Code)
}

// within bounds a letter's way to the server.
const within = 10 * time.Second

// Sender sends letters.
type Sender struct {
	host    string
	from    string
	domain  string // of from
	options []gomail.Option
}

// New reads the settings; it does not connect.
func New(c Config) (*Sender, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return nil, errors.New("mail server: want smtp://host:port or smtps://host:port") // the parser's error may quote a password
	}
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, errors.New("sender's address: want an address, or a name and an address in angle brackets")
	}
	s := &Sender{host: u.Hostname(), from: from.String(), domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:]}
	s.options = []gomail.Option{gomail.WithTimeout(within), gomail.WithHELO(s.domain),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12})}
	port := 587
	switch {
	case u.Scheme == "smtps":
		port = 465
		s.options = append(s.options, gomail.WithSSL())
	case u.Scheme != "smtp":
		return nil, errors.New("mail server: want smtp:// or smtps://")
	case loopback(s.host):
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, errors.New("mail server: the port is not a number")
		}
	}
	s.options = append(s.options, gomail.WithPort(port))
	if c.Dial != nil {
		s.options = append(s.options, gomail.WithDialContextFunc(c.Dial))
	}
	if name := u.User.Username(); name != "" {
		if loopback(s.host) && u.Scheme == "smtp" {
			return nil, errors.New("mail server: a password goes only over an encrypted connection")
		}
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(name), gomail.WithPassword(c.Password))
	}
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send hands a letter over. A *Refusal is for good; after any other error the letter may have arrived or not, and may be sent
// again: its Message-ID stays the same.
func (s *Sender) Send(ctx context.Context, l Letter) error {
	m, err := s.message(l)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	return judge(client.DialAndSendWithContext(ctx, m))
}

func (s *Sender) message(l Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.From(s.from); err != nil {
		return nil, errors.New("the sender's address is not one")
	}
	if err := m.To(l.To); err != nil {
		return nil, &Refusal{553} // mailbox name not allowed
	}
	m.SetMessageIDWithValue(l.ID + "@" + s.domain)
	m.Subject(l.Subject)
	m.SetGenHeader(gomail.HeaderContentLang, l.Lang)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence note shall answer
	if l.Unsubscribe != "" {
		m.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+l.Unsubscribe+">")
		m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return m, nil
}

// judge tells what is for good from what may pass. A refused sender or password is ours to repair, and then the letter goes.
func judge(err error) error {
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		if net, ok := errors.AsType[*net.OpError](err); ok {
			return fmt.Errorf("the mail server cannot be reached: %w", net)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return errors.New("the mail server does not answer")
		}
		return errors.New("the mail server does not let us in: its certificate, STARTTLS, or the name and password")
	}
	aboutLetter := failed.Reason == gomail.ErrSMTPRcptTo || failed.Reason == gomail.ErrSMTPData || failed.Reason == gomail.ErrSMTPDataClose
	if code := failed.ErrorCode(); aboutLetter && code >= 500 && !failed.IsTemp() {
		return &Refusal{code}
	}
	return fmt.Errorf("the mail server did not take the letter (%d)", failed.ErrorCode())
}
