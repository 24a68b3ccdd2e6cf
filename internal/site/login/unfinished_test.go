package login_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/browse"
	"mandat/internal/db"
	"mandat/internal/desk"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// over expects that the link of an invitation opens nothing: neither its page nor its form.
func over(t *testing.T, d *desk.Desk, link string) {
	t.Helper()
	b := browse.New()
	get(t, b, link)
	expect(t, d, b, http.StatusGone, "login.problem.invitation_over.title")
	if err := b.Post(strings.TrimPrefix(link, d.URL), url.Values{"how": {"finish"}}); err != nil {
		t.Fatal(err)
	}
	expect(t, d, b, http.StatusGone, "login.problem.invitation_over.title")
	if who := d.Who(t, b); who != uuid.Nil {
		t.Errorf("%s is signed in by it", who)
	}
}

// accept accepts an invitation without ProConnect, and says who did.
func accept(t *testing.T, d *desk.Desk, link string) (*browse.Browser, uuid.UUID) {
	t.Helper()
	b := browse.New()
	get(t, b, link)
	press(t, b, "Accepter et ajouter un second facteur")
	return b, d.Member(t, "nora@exemple.invalid").Person
}

// Once its person has a factor the link is over for good, whatever becomes of the factor: reset, or taken out of use because somebody has a copy of it.
func TestInvitation_IsOverForGoodOnceThereIsAFactor(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, *desk.Desk, uuid.UUID){
		"reset":  func(t *testing.T, d *desk.Desk, nora uuid.UUID) { d.Reset(t, nora) },
		"cloned": func(t *testing.T, d *desk.Desk, nora uuid.UUID) { clone(t, d, nora) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _, link := invited(t)
			b, nora := accept(t, d, link)
			if status, answer := d.AddKey(t, b, d.Key(t), "Mon téléphone"); status != http.StatusOK {
				t.Fatalf("%d %v", status, answer)
			}
			lose(t, d, nora)
			if has, err := d.Factors.Has(t.Context(), nora); err != nil || has {
				t.Fatal("there is a factor still", err)
			}
			over(t, d, link)
		})
	}
}

// clone takes every key of a person out of use, as when its counter goes back.
func clone(t *testing.T, d *desk.Desk, person uuid.UUID) {
	t.Helper()
	d.Behind(t, `set session_replication_role = replica; update credential_passkey set cloned_at = now() where person_id = '`+person.String()+`'`)
}

// An administrator's too, which belongs to no organisation.
func TestInvitation_OfAnAdministratorIsOverForGood(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	ctx := t.Context()
	id, err := d.Invitations.ProposeAdministrator(ctx, d.Administrator(t, "ada"), invitation.Invitee{Email: "nora@exemple.invalid", GivenName: "Nora", UsualName: "Fictif"})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Invitations.Confirm(ctx, d.Administrator(t, "bea"), id); err != nil {
		t.Fatal(err)
	}
	secret, err := d.Invitations.Write(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	link := d.URL + "/invitation/" + secret
	b, nora := accept(t, d, link)
	if status, answer := d.AddKey(t, b, d.Key(t), "Mon téléphone"); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	clone(t, d, nora)
	over(t, d, link)
}

// Who accepted and never added a factor is led on by a reset, or by ProConnect: the invitation's link is over with either.
func TestInvitation_IsOverOnceSomethingElseLeadsOn(t *testing.T) {
	t.Parallel()
	for name, lead := range map[string]func(*testing.T, *desk.Desk, uuid.UUID){
		"a reset": func(t *testing.T, d *desk.Desk, nora uuid.UUID) { d.Reset(t, nora) },
		"a name at ProConnect": func(t *testing.T, d *desk.Desk, nora uuid.UUID) {
			if err := d.Directory.AskIdentity(t.Context(), "https://proconnect.invalid", "nora-sub", nora); err != nil {
				t.Fatal(err)
			}
			by := d.Robin(t)
			asked, err := d.Directory.AskedIdentities(t.Context(), by)
			if err != nil || len(asked) != 1 {
				t.Fatal(asked, err)
			}
			if waits, err := d.Directory.ConfirmIdentity(t.Context(), by, nora, asked[0].Digest); waits || err != nil {
				t.Fatal(waits, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _, link := invited(t)
			_, nora := accept(t, d, link)
			late := browse.New()
			get(t, late, link)
			expect(t, d, late, http.StatusOK, "login.invitation.title")
			lead(t, d, nora)
			over(t, d, link)
		})
	}
}

// The act that opens the session asks again, with the person locked: what was read of the link before may be over.
func TestInvitation_IsAskedAgainWhereTheSessionOpens(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *desk.Desk, *browse.Browser, uuid.UUID){
		"a factor": func(t *testing.T, d *desk.Desk, b *browse.Browser, _ uuid.UUID) {
			if status, answer := d.AddKey(t, b, d.Key(t), "Mon téléphone"); status != http.StatusOK {
				t.Fatalf("%d %v", status, answer)
			}
		},
		"suspended": func(t *testing.T, d *desk.Desk, _ *browse.Browser, nora uuid.UUID) {
			if err := d.Directory.Suspend(t.Context(), journal.Program(), nora); err != nil {
				t.Fatal(err)
			}
		},
		"too late": func(_ *testing.T, d *desk.Desk, _ *browse.Browser, _ uuid.UUID) { d.Clock.Advance(72 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _, link := invited(t)
			b, nora := accept(t, d, link)
			i, _, err := d.Invitations.Unfinished(t.Context(), link[strings.LastIndex(link, "/")+1:])
			if err != nil {
				t.Fatal(err)
			}
			still := func() error {
				session := token.ID()
				by := journal.Actor{Kind: journal.Aidant, Person: nora, Organisation: d.Here, Session: session[:]}
				lock, done := &pgx.Batch{}, errors.New("asked")
				may := d.Invitations.StillUnfinished(i, nora)(lock)
				err := d.Journal.RecordAfter(t.Context(), by, lock, func(*journal.Tx) (journal.Event, error) { return journal.Event{}, errors.Join(done, may()) })
				if !errors.Is(err, done) {
					t.Fatal(err)
				}
				return err
			}
			if err := still(); errors.Is(err, db.ErrNotFound) {
				t.Errorf("refused before: %v", err)
			}
			end(t, d, b, nora)
			if err := still(); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("opens a session: %v", err)
			}
		})
	}
}

// Of the act that ends the link and the one that opens a session by it, the second waits for the first.
func TestInvitation_WaitsForTheActThatEndsTheLink(t *testing.T) {
	t.Parallel()
	d, _, link := invited(t)
	_, nora := accept(t, d, link)
	b, watch := browse.New(), d.Connect(t, d.Superuser)
	get(t, b, link)
	posted := make(chan error, 1)
	lock := &pgx.Batch{}
	lock.Queue(`select from person where id = $1 for no key update`, nora)
	err := d.Journal.RecordAfter(t.Context(), journal.Program(), lock, func(tx *journal.Tx) (journal.Event, error) {
		go func() { posted <- b.Press("Ajouter mon second facteur", nil) }()
		for deadline, waits := time.Now().Add(time.Minute), false; !waits; time.Sleep(2 * time.Millisecond) {
			if err := watch.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits); err != nil {
				return journal.Event{}, err
			}
			if len(posted) > 0 || time.Now().After(deadline) {
				return journal.Event{}, errors.New("it does not wait")
			}
		}
		invitation.Finish(tx, nora)
		return journal.Event{Action: "factor.added"}, nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := <-posted; err != nil {
		t.Fatal(err)
	}
	expect(t, d, b, http.StatusGone, "login.problem.invitation_over.title")
	if who := d.Who(t, b); who != uuid.Nil {
		t.Errorf("%s is signed in", who)
	}
}
