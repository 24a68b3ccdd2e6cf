package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"mandat/internal/mail"
	"mandat/internal/mailbox"
)

func open(t *testing.T, o mailbox.Options) *mailbox.Box {
	t.Helper()
	box, err := mailbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
}

// certificate vouches for mail.example and 127.0.0.5 to who believes the pool.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"mail.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 5)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// to connects to a box under whatever name.
func to(box *mailbox.Box) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(box.SMTP(), "smtp://"))
	}
}

func letter() mail.Letter {
	return mail.Letter{ID: "one", To: "jeanne@exemple.invalid", Lang: "fr", Subject: "Été", Text: "Bonjour à tous\n", HTML: "<p>Bonjour à tous</p>"}
}

func send(t *testing.T, c mail.Config) error {
	t.Helper()
	c.From = "Mandat <mandat@exemple.invalid>"
	s, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(t.Context(), letter())
}

func TestSend_EncryptsOrDoesNotSend(t *testing.T) {
	t.Parallel()
	ours, pool := certificate(t)
	bare, started, asks := open(t, mailbox.Options{}), open(t, mailbox.Options{TLS: ours}), open(t, mailbox.Options{TLS: ours, Password: "right"})
	implicit := open(t, mailbox.Options{TLS: ours, Implicit: true})
	for name, c := range map[string]struct {
		config mail.Config
		box    *mailbox.Box
		sent   bool
	}{
		"STARTTLS":                       {mail.Config{URL: "smtp://mail.example", Roots: pool, Dial: to(started)}, started, true},
		"no STARTTLS":                    {mail.Config{URL: "smtp://mail.example", Roots: pool, Dial: to(bare)}, bare, false},
		"a certificate nobody vouches":   {mail.Config{URL: "smtp://mail.example", Dial: to(started)}, started, false},
		"a certificate of another":       {mail.Config{URL: "smtp://other.example", Roots: pool, Dial: to(started)}, started, false},
		"the right password":             {mail.Config{URL: "smtp://mandat@mail.example", Password: "right", Roots: pool, Dial: to(asks)}, asks, true},
		"a wrong password":               {mail.Config{URL: "smtp://mandat@mail.example", Password: "wrong", Roots: pool, Dial: to(asks)}, asks, false},
		"no password":                    {mail.Config{URL: "smtp://mail.example", Roots: pool, Dial: to(asks)}, asks, false},
		"from the first byte":            {mail.Config{URL: strings.Replace(implicit.SMTP(), "smtp", "smtps", 1), Roots: pool}, implicit, true},
		"from the first byte, strangers": {mail.Config{URL: strings.Replace(implicit.SMTP(), "smtp", "smtps", 1)}, implicit, false},
		"this machine":                   {mail.Config{URL: bare.SMTP()}, bare, true},
	} {
		before := len(c.box.To(""))
		err := send(t, c.config)
		if arrived := len(c.box.To("")) > before; (err == nil) != c.sent || arrived != c.sent {
			t.Errorf("%s: arrived %t, %v", name, arrived, err)
		}
		if _, good := errors.AsType[*mail.Refusal](err); good {
			t.Errorf("%s: given up for good: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), "jeanne")) {
			t.Errorf("%s: the error tells too much: %v", name, err)
		}
	}
	m := started.To("")[0]
	if m.Subject != "Été" || m.Text != "Bonjour à tous\n" || m.HTML != "<p>Bonjour à tous</p>" || m.ID != "<one@exemple.invalid>" || m.To != "jeanne@exemple.invalid" {
		t.Errorf("%+v", m)
	}
}

func TestSend_TellsForGoodFromNotNow(t *testing.T) {
	t.Parallel()
	box := open(t, mailbox.Options{})
	for code, good := range map[int]bool{421: false, 450: false, 550: true, 553: true} {
		box.Answer(letter().To, code)
		err := send(t, mail.Config{URL: box.SMTP()})
		refused, ok := errors.AsType[*mail.Refusal](err)
		if err == nil || ok != good || ok && refused.Code != code || strings.Contains(err.Error(), "jeanne") {
			t.Errorf("%d: %v", code, err)
		}
	}
	s, err := mail.New(mail.Config{URL: box.SMTP(), From: "mandat@exemple.invalid"})
	if err != nil {
		t.Fatal(err)
	}
	l := letter()
	l.To = "nobody\r\nBcc: x@exemple.invalid"
	if _, ok := errors.AsType[*mail.Refusal](s.Send(t.Context(), l)); !ok {
		t.Error("an address that is none was tried")
	}
	_ = box.Close()
	if err := send(t, mail.Config{URL: box.SMTP()}); err == nil {
		t.Error("nobody listens, and it was sent")
	} else if _, ok := errors.AsType[*mail.Refusal](err); ok {
		t.Errorf("nobody listens: for good? %v", err)
	}
}

func TestNew_RefusesBadSettings(t *testing.T) {
	t.Parallel()
	const from = "mandat@exemple.invalid"
	for name, c := range map[string]mail.Config{
		"no scheme": {URL: "mail.example:587", From: from}, "another scheme": {URL: "http://mail.example", From: from}, "no host": {URL: "smtp://", From: from},
		"a query": {URL: "smtp://mail.example?tls=none", From: from}, "a port": {URL: "smtp://mail.example:x", From: from},
		"no sender": {URL: "smtp://mail.example"}, "a password in the clear": {URL: "smtp://mandat@127.0.0.1:25", Password: "s", From: from},
	} {
		if _, err := mail.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
