package mailbox

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func (b *Box) mailServer() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{box: b}, nil }))
	s.Domain = "mailbox"
	s.TLSConfig = b.options.TLS
	s.MaxMessageBytes = 1 << 20
	return s
}

// delivery is one connection.
type delivery struct {
	box      *Box
	let      bool
	from, to string
}

// AuthMechanisms lists PLAIN if a password is asked for.
func (d *delivery) AuthMechanisms() []string {
	if d.box.options.Password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth checks the password.
func (d *delivery) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "mandat" || password != d.box.options.Password {
			return smtp.ErrAuthFailed
		}
		d.let = true
		return nil
	}), nil
}

// Reset begins the next mail.
func (d *delivery) Reset() { d.from, d.to = "", "" }

// Logout ends the connection.
func (d *delivery) Logout() error { return nil }

// Mail takes the sender.
func (d *delivery) Mail(from string, _ *smtp.MailOptions) error {
	if d.box.options.Password != "" && !d.let {
		return smtp.ErrAuthRequired
	}
	d.from = from
	return nil
}

// Rcpt takes the one receiver, or answers as Box.Answer said.
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	if code := d.box.answer(to); code != 0 {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: "<" + to + ">: not now, or never"}
	}
	if d.to != "" {
		return errors.New("one receiver is enough")
	}
	d.to = to
	return nil
}

// Data takes the mail.
func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := parse(raw)
	if err != nil {
		return err
	}
	m.Channel, m.To = "mail", d.to
	d.box.put(m)
	return nil
}

// parse reads a mail of one or several texts.
func parse(raw []byte) (Message, error) {
	in, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, err
	}
	m := Message{ID: in.Header.Get("Message-ID"), From: in.Header.Get("From"), Lang: in.Header.Get("Content-Language"), Headers: map[string]string{}}
	for name := range in.Header {
		m.Headers[name] = in.Header.Get(name)
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(in.Header.Get("Subject")); err != nil {
		return m, err
	}
	return m, m.read(in.Header.Get("Content-Type"), in.Header.Get("Content-Transfer-Encoding"), in.Body)
}

func (m *Message) read(kind, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := m.read(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	switch kind {
	case "text/html":
		m.HTML = string(text)
	case "text/plain":
		m.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	return err
}
