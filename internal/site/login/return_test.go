package login_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/softkey"
)

// left is how Léa's session in a browser comes to its end.
var left = map[string]func(*testing.T, *desk.Desk, *browse.Browser, journal.Actor){
	"idle": func(_ *testing.T, d *desk.Desk, _ *browse.Browser, _ journal.Actor) {
		d.Clock.Advance(31 * time.Minute)
	},
	"signed out": func(t *testing.T, d *desk.Desk, b *browse.Browser, _ journal.Actor) {
		t.Helper()
		press(t, at(t, d, b), "quitter")
	},
	"swept": func(t *testing.T, d *desk.Desk, _ *browse.Browser, _ journal.Actor) {
		t.Helper()
		d.Clock.Advance(13 * time.Hour)
		if err := d.Sessions.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	},
	"suspended": func(t *testing.T, d *desk.Desk, b *browse.Browser, lea journal.Actor) {
		t.Helper()
		if err := d.Directory.Suspend(t.Context(), journal.Program(), lea.Person); err != nil {
			t.Fatal(err)
		}
		get(t, b, d.URL+"/ailleurs") // is told so
	},
}

// A page that somebody has left open leads nobody else to it who signs in in the same browser, by whatever way. They themselves come back.
func TestReturn_ToOnesOwnPageOnly(t *testing.T) {
	t.Parallel()
	for how, leave := range left {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			d, p := open(t)
			lea, hers := keyed(t, d, "lea")
			_, his := keyed(t, d, "max")
			d.Person(t, p.Issuer, "Robin-sub", d.Here, org.RoleAidant)
			for who, signIn := range map[string]func(*browse.Browser) string{
				"max by a passkey": func(b *browse.Browser) string { return goesOn(t, d, b, his) },
				"robin by ProConnect": func(b *browse.Browser) string {
					p.Play(naming("Robin-sub", "robin@exemple.invalid"))
					get(t, b, d.URL+"/connexion")
					press(t, b, "ProConnect")
					return b.URL().Path
				},
				"lea": func(b *browse.Browser) string { return goesOn(t, d, b, hers) },
			} {
				if how == "suspended" && who == "lea" {
					continue
				}
				b := browse.New()
				if to := goesOn(t, d, b, hers); to != "/espace" {
					t.Fatalf("lea begins at %s", to)
				}
				leave(t, d, b, lea)
				d.Clock.Advance(time.Minute)
				get(t, b, d.URL+"/ailleurs")
				want := "/espace"
				if who == "lea" {
					want = "/ailleurs"
				}
				if to := signIn(b); to != want {
					t.Errorf("%s goes on at %s, not %s", who, to, want)
				}
				if how == "suspended" {
					if err := d.Directory.Resume(t.Context(), journal.Program(), lea.Person); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// goesOn signs somebody in with their passkey, and says where that leads.
func goesOn(t *testing.T, d *desk.Desk, b *browse.Browser, key *softkey.Key) string {
	t.Helper()
	status, answer := d.UseKey(t, b, key)
	if status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	return answer["location"].(string)
}

// It is the same for who has several organisations, and comes back to the one whose page it was.
func TestReturn_WithSeveralOrganisations(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea, hers := keyed(t, d, "lea")
	_, his := keyed(t, d, "max")
	if err := d.Directory.Join(t.Context(), journal.Program(), lea.Person, d.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	b := browse.New()
	for _, organisation := range []uuid.UUID{d.Here, d.Elsewhere} {
		o, err := d.Directory.Organisation(t.Context(), organisation)
		if err != nil {
			t.Fatal(err)
		}
		path := "/structures/" + o.PublicID.String() + "/ailleurs"
		goesOn(t, d, b, hers)
		d.Clock.Advance(31 * time.Minute)
		get(t, b, d.URL+path)
		if to := goesOn(t, d, b, his); to != "/espace" {
			t.Errorf("max goes on at %s", to)
		}
		press(t, at(t, d, b), "quitter")
		goesOn(t, d, b, hers)
		d.Clock.Advance(31 * time.Minute)
		get(t, b, d.URL+path)
		if to := goesOn(t, d, b, hers); to != path {
			t.Errorf("lea goes on at %s, not %s", to, path)
		}
		d.Clock.Advance(31 * time.Minute)
	}
}

// Who signs out where nobody is signed in any more, because their session has run out, leaves nothing either.
func TestSignOut_ForgetsWhereABrowserWanted(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	_, key := keyed(t, d, "lea")
	b := browse.New()
	get(t, b, d.URL+"/ailleurs")
	get(t, b, d.URL+"/")
	press(t, b, "quitter")
	expect(t, d, b, 200, "login.out.title")
	if n := d.Number(t, `select count(*) from session`); n != 0 {
		t.Errorf("%d sessions", n)
	}
	if to := goesOn(t, d, b, key); to != "/espace" {
		t.Errorf("goes on at %s", to)
	}
}
