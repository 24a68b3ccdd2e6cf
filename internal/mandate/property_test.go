package mandate_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// key is what a power is for: a procedure and a case.
type key struct{ procedure, ref string }

// grant is a power as anybody could write it down on paper.
type grant struct {
	mandate     uuid.UUID
	from, until time.Time
}

// paper knows of one citizen what was granted and ended, and nothing of states.
type paper struct {
	standing, coming map[key]grant
	ends             map[uuid.UUID]time.Time // of every mandate ever signed
	acts             int
}

// left are the powers of a mandate that nothing has ended.
func (p *paper) left(id uuid.UUID) []key {
	var out []key
	for _, held := range []map[key]grant{p.standing, p.coming} {
		for k, g := range held {
			if g.mandate == id {
				out = append(out, k)
			}
		}
	}
	return out
}

// over reports whether nothing that was granted and not ended lasts any more.
func (p *paper) over(id uuid.UUID, now time.Time) bool { return !now.Before(p.lasts(id)) }

// lasts is until when the longest of them does.
func (p *paper) lasts(id uuid.UUID) time.Time {
	var out time.Time
	for _, held := range []map[key]grant{p.standing, p.coming} {
		for _, g := range held {
			if g.mandate == id && g.until.After(out) {
				out = g.until
			}
		}
	}
	return out
}

func (p *paper) drop(id uuid.UUID, keys ...key) {
	for _, held := range []map[key]grant{p.standing, p.coming} {
		maps.DeleteFunc(held, func(k key, g grant) bool { return g.mandate == id && slices.Contains(keys, k) })
	}
}

// gives reports whether something may be done now: for one case, what is granted for every case counts too.
func (p *paper) gives(k key, now time.Time) bool {
	for _, ref := range []string{k.ref, ""} {
		if g, ok := p.standing[key{k.procedure, ref}]; ok && !now.Before(g.from) && now.Before(g.until) {
			return true
		}
	}
	return false
}

// Whatever is signed, ended and begun in whatever order: what may be done is what was granted and is not over, no two powers stand for one key, no
// mandate stands without a power, nothing ends before it was signed, and each act has one entry.
func TestMandates_Property(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		w.Clock = &clock.Clock{} // each life begins today
		w.Open(w.DB)
		n++
		l := &life{rt: rt, t: t, w: w, who: fixture.Citizen(n), paper: &paper{map[key]grant{}, map[key]grant{}, map[uuid.UUID]time.Time{}, 0}}
		rt.Repeat(map[string]func(*rapid.T){"sign": l.sign, "end": l.end, "end one power": l.endPower, "transfer": l.transfer, "wait": l.wait, "": l.check})
	})
	w.Content(t)
}

// life is what happens to one citizen.
type life struct {
	rt      *rapid.T
	t       *testing.T
	w       *fixture.World
	who     citizen.Identity
	citizen uuid.UUID
	paper   *paper
}

// granted are procedures; what is granted for the last one ends before what is for the others.
var granted = []string{fixture.Tax, fixture.Housing, "social-carte-europeenne"}

var cases = map[string]string{"": "", "2026-A": "A"} // reference: what the paper calls it

func (l *life) sign(rt *rapid.T) {
	x := fixture.Terms()
	for _, p := range granted {
		for ref := range cases {
			if rapid.Bool().Draw(rt, p+ref) {
				x.Powers = append(x.Powers, terms.Asked{Procedure: p, Level: procedure.Act, Case: ref})
			}
		}
	}
	if x.Powers == nil {
		return
	}
	x.Days = rapid.SampledFrom(terms.Days).Draw(rt, "days")
	ahead := rapid.SampledFrom([]int{0, 0, 1, 5, 40}).Draw(rt, "ahead")
	if ahead > 0 {
		x.From = terms.DayOf(l.w.Clock.Now()).AddDate(0, 0, ahead)
	}
	by := l.w.Jeanne
	by.FactorAt = l.w.Clock.Now()
	d, err := l.w.Drafts.Start(l.t.Context(), by, x)
	if err == nil {
		err = l.w.Drafts.Identify(l.t.Context(), by, d.ID, l.who, l.w.Clock.Now())
	}
	var m mandate.Mandate
	if err == nil {
		m, err = l.w.Mandates.Sign(l.t.Context(), by, d.ID, l.w.Agreed(l.t, by, d.ID))
	}
	if err != nil {
		rt.Fatal(err)
	}
	l.citizen, l.paper.ends[m.ID] = m.Citizen, m.EndsAt
	l.paper.acts++
	for i, p := range m.Powers {
		held := l.paper.standing
		if ahead > 0 {
			held = l.paper.coming
		}
		held[key{p.Procedure, x.Powers[i].Case}] = grant{m.ID, p.StartsAt, p.EndsAt}
	}
}

// some picks one of the mandates, ended ones too.
func (l *life) some(rt *rapid.T) (uuid.UUID, bool) {
	ids := slices.SortedFunc(maps.Keys(l.paper.ends), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	if len(ids) == 0 {
		return uuid.Nil, false
	}
	return rapid.SampledFrom(ids).Draw(rt, "mandate"), true
}

func (l *life) end(rt *rapid.T) {
	id, ok := l.some(rt)
	if !ok {
		return
	}
	by, over := l.w.Jeanne, l.paper.over(id, l.w.Clock.Now())
	by.FactorAt = l.w.Clock.Now()
	reason, now := rapid.SampledFrom(mandate.Reasons).Draw(rt, "reason"), l.w.Clock.Now()
	err := l.w.Mandates.End(l.t.Context(), by, id, reason)
	if over != errors.Is(err, mandate.ErrEnded) || !over && err != nil {
		rt.Fatalf("end: %v, over is %v", err, over)
	}
	if err != nil {
		return
	}
	for other := range l.paper.ends {
		if other == id || slices.Contains(mandate.WholeReasons, reason) && !l.paper.over(other, now) {
			l.paper.drop(other, l.paper.left(other)...)
			l.paper.acts++
		}
	}
}

func (l *life) endPower(rt *rapid.T) {
	id, ok := l.some(rt)
	if !ok {
		return
	}
	k := key{rapid.SampledFrom(granted).Draw(rt, "procedure"), rapid.SampledFrom([]string{"", "2026-A"}).Draw(rt, "case")}
	now := l.w.Clock.Now()
	left := !l.paper.over(id, now) && slices.Contains(l.paper.left(id), k) && now.Before(l.until(id, k))
	others := slices.ContainsFunc(l.paper.left(id), func(o key) bool { return o != k && now.Before(l.until(id, o)) })
	by := l.w.Jeanne
	by.FactorAt = now
	ref, err := l.w.Drafts.CaseRef(by.Organisation, k.ref)
	if err == nil {
		err = l.w.Mandates.EndPower(l.t.Context(), by, id, k.procedure, ref, "citizen")
	}
	if left != (err == nil) || !left && !errors.Is(err, mandate.ErrEnded) {
		rt.Fatalf("end of %v: %v, left is %v", k, err, left)
	}
	if err != nil {
		return
	}
	l.paper.acts++
	if others {
		l.paper.drop(id, k)
	} else {
		l.paper.drop(id, l.paper.left(id)...)
	}
}

// transfer has the citizen give another organisation a mandate that ends one of these. Of one that stands anything is left to end; one that is over, or was transferred
// before, ends no second time.
func (l *life) transfer(rt *rapid.T) {
	id, ok := l.some(rt)
	if !ok {
		return
	}
	now, by := l.w.Clock.Now(), l.w.Ines
	by.FactorAt = now
	offer, err := l.w.Mandates.Offer(by, mandate.Mandate{ID: id, Organisation: l.w.Here})
	if err != nil {
		rt.Fatal(err)
	}
	d, err := l.w.Mandates.StartTransfer(l.t.Context(), by, offer, fixture.Terms(fixture.Tax))
	stands := slices.ContainsFunc(slices.Collect(maps.Keys(l.paper.standing)), func(k key) bool { g := l.paper.standing[k]; return g.mandate == id && now.Before(g.until) })
	if stands != (err == nil) || !stands && !errors.Is(err, mandate.ErrEnded) {
		rt.Fatalf("transfer: %v, it stands: %v", err, stands)
	}
	if err != nil {
		return
	}
	if err := l.w.Drafts.Identify(l.t.Context(), by, d.ID, l.who, l.w.Clock.Now()); err != nil {
		rt.Fatal(err)
	}
	n, err := l.w.Mandates.Sign(l.t.Context(), by, d.ID, l.w.Agreed(l.t, by, d.ID))
	for range 2 {
		if err == nil {
			err = l.w.Mandates.EndTransferred(l.t.Context(), n.ID)
		}
	}
	if err != nil {
		rt.Fatal(err)
	}
	l.paper.drop(id, l.paper.left(id)...)
	l.paper.acts++
}

func (l *life) until(id uuid.UUID, k key) time.Time {
	for _, held := range []map[key]grant{l.paper.standing, l.paper.coming} {
		if g, ok := held[k]; ok && g.mandate == id {
			return g.until
		}
	}
	return time.Time{}
}

// wait lets time pass, and has begun what begins meanwhile.
func (l *life) wait(rt *rapid.T) {
	l.w.Clock.Advance(time.Duration(rapid.IntRange(1, 50*24).Draw(rt, "hours")) * time.Hour)
	if _, err := l.w.Mandates.StartDue(l.t.Context(), 1000); err != nil {
		rt.Fatal(err)
	}
	begun := map[uuid.UUID]bool{}
	for k, g := range l.paper.coming {
		if !l.w.Clock.Now().Before(g.from) {
			if begun[g.mandate] = true; l.w.Clock.Now().Before(g.until) { // what was over before it could begin takes no place
				l.paper.standing[k] = g
			}
			delete(l.paper.coming, k)
		}
	}
	l.paper.acts += len(begun)
}

const broken = `select
	(select count(*) from (select from mandate_power where citizen_id = $1 and state <> 'ended' group by procedure, case_ref, state having count(*) > 1) twice),
	(select count(*) from mandate m where citizen_id = $1 and (state = 'ended') = exists (select from mandate_power p where p.mandate_id = m.id and p.state <> 'ended')),
	(select count(*) from mandate_power p join mandate m on m.id = p.mandate_id where p.citizen_id = $1 and (p.ended_at < m.signed_at or p.ended_at > p.ends_at or p.ends_at <= p.starts_at)),
	(select count(*) from journal_entry where citizen_id = $1 and action in ('mandate.signed', 'mandate.started', 'mandate.ended', 'power.ended'))`

func (l *life) check(rt *rapid.T) {
	if l.citizen == uuid.Nil {
		return
	}
	now := l.w.Clock.Now()
	err := l.w.DB.Read(l.t.Context(), db.System(), func(tx pgx.Tx) error {
		var twice, torn, odd, entries int
		if err := tx.QueryRow(l.t.Context(), broken, l.citizen).Scan(&twice, &torn, &odd, &entries); err != nil {
			return err
		}
		if twice+torn+odd != 0 || entries != l.paper.acts {
			rt.Fatalf("%d keys with two powers, %d mandates at odds with their powers, %d odd times, %d entries of %d acts", twice, torn, odd, entries, l.paper.acts)
		}
		for id := range l.paper.ends {
			var lasts bool
			if err := tx.QueryRow(l.t.Context(), `select m.state <> 'ended' and `+mandate.Lasting+` > $2 from mandate m where m.id = $1`, id, now).Scan(&lasts); err != nil {
				return err
			}
			if over := l.paper.over(id, now); lasts == over {
				rt.Fatalf("the table says of mandate %s that it lasts: %v; on paper it is over: %v", id, lasts, over)
			}
		}
		for _, p := range granted {
			for ref := range cases {
				hash, err := l.w.Drafts.CaseRef(l.w.Here, ref)
				if err != nil {
					return err
				}
				_, err = mandate.MayAct(l.t.Context(), tx, l.w.Here, l.citizen, p, hash, now)
				if want := l.paper.gives(key{p, ref}, now); want != (err == nil) || err != nil && !errors.Is(err, mandate.ErrNoPower) {
					rt.Fatalf("%s %q may be done: %v; on paper: %v", p, ref, err, want)
				}
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}
