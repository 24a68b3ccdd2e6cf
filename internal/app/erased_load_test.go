package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// The program's own job erases many citizens while aidants sign and use mandates. Nobody of the others is refused anything, all proofs of before hold, and each empty
// place of the log is accounted for. It erases twenty; with MANDAT_SOAK a thousand, and prints how fast, and how long the others waited meanwhile and before.
func TestErasure_OfManyUnderLoad(t *testing.T) {
	t.Parallel()
	many, alone, step := 20, 500*time.Millisecond, int64(1)
	if os.Getenv("MANDAT_SOAK") != "" {
		many, alone, step = 1000, 15*time.Second, 20
	}
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	going := signedAndEnded(t, site, many)
	must(t, site.App.CatchUp(t.Context()))
	before := evidenceOf(t, site, step)
	forgotten := site.Number(t, `select count(*) from journal_entry where citizen_id = any($1)`, going)
	longAgo(t, site, going)

	others := newBusy(t, site)
	calm := others.during(t, func() { time.Sleep(alone) })
	var took time.Duration
	meanwhile := others.during(t, func() {
		began := time.Now()
		for left, tries := many, 0; left > 0 && tries < 100; tries++ { // what is not in the tree yet is left for later
			must(t, site.App.Do(t.Context(), "erase-due"))
			left = site.Number(t, `select count(*) from citizen where id = any($1)`, going)
		}
		took = time.Since(began)
	})
	if n := site.Number(t, `select (select count(*) from citizen where id = any($1)) + (select count(*) from mandate where citizen_id = any($1))
		+ (select count(*) from journal_entry where citizen_id = any($1) and action <> 'citizen.erased')`, going); n != 0 {
		t.Errorf("%d rows and entries about those who were erased are left", n)
	}
	if n := site.Number(t, `select count(*) from journal_entry where citizen_id = any($1)`, going); n != many {
		t.Errorf("%d entries tell of %d erasures", n, many)
	}
	if now := before.stand(t, site); now.Over != int64(forgotten) {
		t.Errorf("%d entries are forgotten, and %d were about those who were erased", now.Over, forgotten)
	}
	_, state := site.Folders()
	content, err := os.ReadFile(state + "/" + erasure.LedgerName)
	must(t, err)
	if noted, torn, err := erasure.ReadLedger(content); err != nil || torn || len(noted) != many {
		t.Errorf("the ledger has %d lines: %t, %v", len(noted), torn, err)
	}
	t.Logf("%d citizens and %d entries in %v: %.0f a second\n  without: %v\n  meanwhile: %v", many, forgotten, took.Round(time.Millisecond), float64(many)/took.Seconds(), calm, meanwhile)
}

// signedAndEnded signs as many mandates, each with a citizen of its own, uses every tenth, and ends them.
func signedAndEnded(t *testing.T, site *apptest.Site, many int) (citizens []uuid.UUID) {
	t.Helper()
	v := site.Visit(t, fresh(site, site.Jeanne))
	for n := range many {
		m := site.Sign(t, v.By, fixture.Citizen(100_000+n), fixture.Tax)
		if n%10 == 0 {
			site.Token(t, v.MustCode(m.Citizen, fixture.Tax))
		}
		must(t, site.Mandates.End(t.Context(), v.By, m.ID, "citizen"))
		citizens = append(citizens, m.Citizen)
	}
	return citizens
}

// longAgo has mandates end before the time began for which they are kept, behind the program's back: nothing else is older by that.
func longAgo(t *testing.T, site *apptest.Site, citizens []uuid.UUID) {
	t.Helper()
	const before = ` - interval '7 years'`
	conn := site.Connect(t, site.Superuser)
	_, err := conn.Exec(t.Context(), `set session_replication_role = replica`)
	must(t, err)
	_, err = conn.Exec(t.Context(), `update mandate set identified_at = identified_at`+before+`, signed_at = signed_at`+before+`, starts_at = starts_at`+before+`, ends_at = ends_at`+before+`,
		ended_at = ended_at`+before+`, lasts_until = lasts_until`+before+` where citizen_id = any($1)`, citizens)
	must(t, err)
}

// busy are two aidants who sign and two who use, one act after the other.
type busy struct {
	site   *apptest.Site
	pairs  [][2]*apptest.Visitor
	usable []mandate.Mandate
	next   atomic.Int64 // citizen
}

func newBusy(t *testing.T, site *apptest.Site) *busy {
	t.Helper()
	b := &busy{site: site}
	for _, by := range []func() *apptest.Visitor{func() *apptest.Visitor { return site.Visit(t, fresh(site, site.Jeanne)) }, func() *apptest.Visitor { return site.Visit(t, fresh(site, site.Paul)) }} {
		b.pairs = append(b.pairs, [2]*apptest.Visitor{by(), by()})
	}
	for i, p := range b.pairs {
		b.usable = append(b.usable, site.Sign(t, p[0].By, fixture.Citizen(i+1), fixture.Tax))
	}
	return b
}

// waited is how long acts took, in order.
type waited struct{ signatures, uses []time.Duration }

// String says it in numbers.
func (w waited) String() string {
	at := func(all []time.Duration, percent int) time.Duration {
		if len(all) == 0 {
			return 0
		}
		return all[len(all)*percent/100].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%d signatures, p50 %v, p99 %v; %d uses, p50 %v, p99 %v", len(w.signatures), at(w.signatures, 50), at(w.signatures, 99), len(w.uses), at(w.uses, 50), at(w.uses, 99))
}

// during lets them work while something is done. Nothing that they do may be refused.
func (b *busy) during(t *testing.T, do func()) waited {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	var mu sync.Mutex
	var out waited
	work := func(into *[]time.Duration, act func(ctx context.Context) (time.Duration, error)) {
		for ctx.Err() == nil {
			took, err := act(ctx)
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("refused meanwhile: %v", err)
				}
				return
			}
			mu.Lock()
			*into = append(*into, took)
			mu.Unlock()
		}
	}
	for i, p := range b.pairs {
		all.Go(func() {
			work(&out.signatures, func(ctx context.Context) (time.Duration, error) { return b.sign(ctx, p[0]) })
		})
		all.Go(func() {
			work(&out.uses, func(ctx context.Context) (time.Duration, error) { return b.use(ctx, p[1], b.usable[i].Citizen) })
		})
	}
	do()
	stop()
	all.Wait()
	if len(out.signatures) == 0 || len(out.uses) == 0 {
		t.Error("nothing was done meanwhile")
	}
	slices.Sort(out.signatures)
	slices.Sort(out.uses)
	return out
}

// sign draws up a mandate, and returns how long its signature took.
func (b *busy) sign(ctx context.Context, v *apptest.Visitor) (time.Duration, error) {
	d, err := b.site.Drafts.Start(ctx, v.By, fixture.Terms(fixture.Tax))
	if err == nil {
		err = b.site.Drafts.Identify(ctx, v.By, d.ID, fixture.Citizen(int(1000+b.next.Add(1))), b.site.Clock.Now())
	}
	if err != nil {
		return 0, err
	}
	form, err := v.Agreement(ctx, d.ID)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	_, _, err = v.Sign(ctx, d.ID, form)
	return time.Since(began), err
}

// use releases a citizen's identity, and returns how long that took from the request to the identity.
func (b *busy) use(ctx context.Context, v *apptest.Visitor, citizen uuid.UUID) (time.Duration, error) {
	began := time.Now()
	code, err := v.Code(ctx, citizen, fixture.Tax)
	if err != nil {
		return 0, err
	}
	a, err := b.site.Redeem(ctx, code)
	if err != nil || a.Status != http.StatusOK {
		return 0, fmt.Errorf("token: %d, %w", a.Status, err)
	}
	return time.Since(began), nil
}
