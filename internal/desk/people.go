package desk

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/certs"
	"mandat/internal/contact"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/maillink"
	"mandat/internal/org"
	"mandat/internal/pdf"
	"mandat/internal/session"
	"mandat/internal/signin"
	"mandat/internal/throttle"
)

// Post is the messages that were queued: a test reads them instead of a mailbox.
type Post struct {
	mu       sync.Mutex
	messages []org.Message
}

func (p *Post) queue(_ *db.Tx, _ time.Time, m org.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, m)
	return nil
}

func (p *Post) tell(tx *journal.Tx, m org.Message) error { return p.queue(tx.Tx, tx.Now, m) }

// Of returns the messages of a kind, the oldest first.
func (p *Post) Of(kind string) []org.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []org.Message
	for _, m := range p.messages {
		if m.Kind == kind {
			out = append(out, m)
		}
	}
	return out
}

// people builds what professionals sign in with.
func (d *Desk) people(t testing.TB) {
	t.Helper()
	var err error
	d.Post = &Post{}
	d.Sessions = session.New(d.DB, d.Keys, d.Clock, false)
	d.Directory = d.Directory.Telling(d.Post.queue)
	d.Invitations = invitation.New(d.DB, d.Journal, d.Directory, d.Clock)
	d.Contacts = contact.New(d.DB, d.Journal, d.Directory, d.Keys, d.Clock)
	d.Factors, err = credential.New(d.DB, d.Journal, d.Keys, d.Clock, credential.Config{RPID: "localhost", Origins: []string{d.URL}, Name: "Mandat"}, credential.Hooks{
		Tell: d.Post.tell, End: session.EndAndForget, Finish: invitation.Finish})
	must(t, err)
	d.Door = signin.New(d.Journal, d.Sessions, d.Post.tell)
	d.Links = maillink.New(d.DB, d.Clock, throttle.New(d.DB, d.Clock), d.Sessions, d.Post.queue)
}

// Link is the address of the link that was mailed last, as the job that writes the mail makes it; "" when it was for nobody.
func (d *Desk) Link(t testing.TB) string {
	t.Helper()
	sent := d.Post.Of(maillink.Kind)
	if len(sent) == 0 {
		t.Fatal("no link was asked for")
	}
	id, err := uuid.Parse(strings.TrimSpace(sent[len(sent)-1].About))
	must(t, err)
	secret, err := d.Links.Write(t.Context(), id)
	if err != nil {
		return ""
	}
	return d.URL + "/connexion/lien/" + secret
}

// press makes certificates, sealed by an authority of its own.
func (d *Desk) press(t testing.TB) *certification.Press {
	t.Helper()
	authority, err := certs.NewAuthority(time.Now())
	must(t, err)
	seal, err := certs.NewSeal(authority, "Mandat", time.Now())
	must(t, err)
	sealer, err := pdf.NewSealer(seal.Key, seal.Chain, "Mandat")
	must(t, err)
	return certification.NewPress(d.Certifications, d.Directory, sealer, d.Clock)
}
