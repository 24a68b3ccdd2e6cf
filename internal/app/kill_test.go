package app_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// The server is killed in the middle of signatures and uses, again and again, and once PostgreSQL is. Whatever a browser
// or a client was told has happened is there afterwards, with its entry, and the journal is whole.
func TestKill_LosesNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	p := apptest.Prepare(t, dbtest.NewDurable(t))
	rounds := 5
	if os.Getenv("MANDAT_SOAK") != "" {
		rounds = 50
	}
	p.Run(t)
	kept := &answered{}
	for round := range rounds {
		stop := newLoad(t, p, round).start(t, kept)
		kept.await(t, 4)
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		p.Kill()
		stop()
		p.Run(t)
		kept.check(t, p)
		p.Sound(t)
	}
	stop := newLoad(t, p, rounds).start(t, kept)
	kept.await(t, 10)
	p.Cluster.Kill()
	stop()
	must(t, p.Cluster.Restart(t.Context()))
	p.Reopen(t)
	eventually(t, "the server finds the database again", func() bool { return p.Stranger(t).Get("/readyz").Status == http.StatusOK })
	kept.check(t, p)
	again := &answered{}
	stop = newLoad(t, p, rounds+1).start(t, again)
	again.await(t, 4)
	stop()
	again.check(t, p)
	t.Logf("%d signatures and %d uses answered, %d entries", len(kept.mandates)+len(again.mandates), len(kept.logins)+len(again.logins), p.Sound(t))
}

// answered is what was told to have happened.
type answered struct {
	mu       sync.Mutex
	mandates []uuid.UUID
	logins   []string
}

func (a *answered) signed(id uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mandates = append(a.mandates, id)
}

func (a *answered) used(login string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logins = append(a.logins, login)
}

func (a *answered) counts() (signatures, uses int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.mandates), len(a.logins)
}

// await waits until n more were signed and n more used: the load is in full swing.
func (a *answered) await(t *testing.T, n int) {
	t.Helper()
	signatures, uses := a.counts()
	eventually(t, "signatures and uses", func() bool {
		s, u := a.counts()
		return s >= signatures+n && u >= uses+n
	})
}

// check looks for everything in the database.
func (a *answered) check(t *testing.T, p *apptest.Process) {
	t.Helper()
	var mandates, signatures, uses int
	p.Row(t, `select (select count(*) from mandate where id = any($1)),
		(select count(*) from journal_entry where action = 'mandate.signed' and mandate_id = any($1)),
		(select count(*) from journal_entry where action = 'power.used' and body::jsonb #>> '{detail,login}' = any($2))`, []any{a.mandates, a.logins}, &mandates, &signatures, &uses)
	if mandates != len(a.mandates) || signatures != len(a.mandates) {
		t.Errorf("%d signatures answered, %d mandates, %d entries", len(a.mandates), mandates, signatures)
	}
	if uses != len(a.logins) {
		t.Errorf("%d uses answered, %d entries", len(a.logins), uses)
	}
}

// load is two aidants who sign and two who use, as fast as they can.
type load struct {
	p       *apptest.Process
	signers []*apptest.Visitor
	drafts  [][]uuid.UUID
	users   []*apptest.Visitor
	usable  []mandate.Mandate
}

const draftsEach = 60

func newLoad(t *testing.T, p *apptest.Process, round int) *load {
	t.Helper()
	l := &load{p: p, signers: []*apptest.Visitor{p.Visit(t, fresh(p.Site, p.Jeanne)), p.Visit(t, fresh(p.Site, p.Paul))}}
	l.users = []*apptest.Visitor{p.Visit(t, fresh(p.Site, p.Jeanne)), p.Visit(t, fresh(p.Site, p.Paul))}
	for i, v := range l.signers {
		var drafts []uuid.UUID
		for n := range draftsEach { // every third is for a citizen whom the other signs for at the same time
			who := round*10000 + n*10 + i
			if n%3 == 0 {
				who = round*10000 + n*10
			}
			drafts = append(drafts, p.Draft(t, v.By, fixture.Citizen(who), fixture.Tax))
		}
		l.drafts = append(l.drafts, drafts)
		l.usable = append(l.usable, p.Sign(t, v.By, fixture.Citizen(round*10000+9000+i), fixture.Tax))
	}
	return l
}

// start begins; stop returns when everybody has noticed that the server is gone, or has done what they are doing.
func (l *load) start(t *testing.T, kept *answered) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range l.signers {
		all.Go(func() { l.sign(ctx, i, kept) })
		all.Go(func() { l.use(ctx, i, kept) })
	}
	return func() { cancel(); all.Wait() }
}

// sign goes through the drafts until it is told to stop. What fails was not answered: it counts neither way.
func (l *load) sign(ctx context.Context, i int, kept *answered) {
	for _, draft := range l.drafts[i] {
		if ctx.Err() != nil {
			return
		}
		form, err := l.signers[i].Agreement(ctx, draft)
		if err != nil {
			continue
		}
		if id, _, err := l.signers[i].Sign(ctx, draft, form); err == nil {
			kept.signed(id)
		}
	}
}

func (l *load) use(ctx context.Context, i int, kept *answered) {
	for ctx.Err() == nil {
		code, err := l.users[i].Code(ctx, l.usable[i].Citizen, fixture.Tax)
		if err != nil {
			continue
		}
		a, err := l.p.Redeem(ctx, code)
		var token struct {
			Access string `json:"access_token"`
		}
		if err != nil || a.Status != http.StatusOK || json.Unmarshal([]byte(a.Body), &token) != nil {
			continue
		}
		if a, err = l.p.UserInfo(ctx, token.Access); err == nil && a.Status == http.StatusOK && strings.Contains(a.Body, "FICTIF") {
			kept.used(loginOf(code))
		}
	}
}

// loginOf reads the login in a code: the first 16 of its bytes.
func loginOf(code string) string {
	b, err := base64.RawURLEncoding.DecodeString(code)
	if err != nil || len(b) < 16 {
		return ""
	}
	return uuid.UUID(b[:16]).String()
}
