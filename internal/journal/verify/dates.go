package verify

import (
	"bytes"
	"time"

	"mandat/internal/journal/format"
)

// Tolerance is by how much an entry's own time may contradict what others say of the time at which it was there. It is longer than an act takes to be
// integrated, than clocks differ that are accepted when a cosignature or a timestamp is collected, and than what was kept may wait for either.
const Tolerance = time.Hour

// outside is what there is, beside the log's signature, that tells when a kept checkpoint was there.
type outside struct {
	witnessed time.Time // when enough witnesses had cosigned it; zero: they had not, or it was not asked
	stamped   bool      // there is a timestamp, which is read when the checkpoint is seen to be of the tree
}

func (o outside) none() bool { return o.witnessed.IsZero() && !o.stamped }

// clock is the time of an entry as it stands in its text: times in this form are in the order of their bytes.
type clock [len(format.TimeFormat)]byte

func clockOf(t time.Time) (c clock) {
	copy(c[:], t.UTC().Format(format.TimeFormat))
	return c
}

func (c clock) before(d clock) bool { return bytes.Compare(c[:], d[:]) < 0 }

func (c clock) time() time.Time {
	t, _ := time.Parse(format.TimeFormat, string(c[:])) // it was read by timeOf
	return t
}

// moment is an entry and its time.
type moment struct {
	index int64
	at    clock
}

var (
	actionBegins = []byte(`{"action":"`)
	timeBegins   = []byte(`","at":"`)
)

// timeOf finds the time in a canonical entry, where it stands behind the action.
func timeOf(body []byte) (c clock, ok bool) {
	rest, ok := bytes.CutPrefix(body, actionBegins)
	if !ok {
		return c, false
	}
	name := bytes.IndexByte(rest, '"')
	if name < 0 || !bytes.HasPrefix(rest[name:], timeBegins) || len(rest) < name+len(timeBegins)+len(c)+1 || rest[name+len(timeBegins)+len(c)] != '"' {
		return c, false
	}
	copy(c[:], rest[name+len(timeBegins):])
	for i, want := range []byte(format.TimeFormat) {
		if digit := want >= '0' && want <= '9'; digit && (c[i] < '0' || c[i] > '9') || !digit && c[i] != want {
			return c, false
		}
	}
	return c, true
}

// stretch is what is kept of the times of entries between two checkpoints of which others say when they were there.
type stretch struct {
	end  int64    // size of the checkpoint at its end; 0: there is none in its file
	lows []moment // each that is earlier than all before it: as entries are nearly in the order of their times, these are few
	high moment   // the latest
}

// add notes the time of an entry.
func (s *stretch) add(d moment) {
	if n := len(s.lows); n == 0 || d.at.before(s.lows[n-1].at) {
		s.lows = append(s.lows, d)
	}
	if s.high.at.before(d.at) {
		s.high = d
	}
}

// stretches are those of one file, in order.
type stretches struct {
	all  []stretch
	ends []int64 // sizes of the checkpoints in the file that end one, in order; those that are ahead
	told int     // how many of them were given
}

// begin takes the checkpoints of a file. What lies before the first that is ahead belongs to it.
func (s *stretches) begin(points []point) {
	s.all, s.ends, s.told = s.all[:0], s.ends[:0], 0
	for _, p := range points {
		if !p.seen.none() {
			s.ends = append(s.ends, p.size)
		}
	}
	s.open()
}

func (s *stretches) open() {
	n := len(s.all)
	if n < cap(s.all) {
		s.all = s.all[:n+1]
		s.all[n] = stretch{lows: s.all[n].lows[:0]}
	} else {
		s.all = append(s.all, stretch{})
	}
	if len(s.ends) > 0 {
		s.all[n].end, s.ends = s.ends[0], s.ends[1:]
	}
}

// entry notes the time of an entry. The text is canonical.
func (s *stretches) entry(index int64, body []byte) string {
	at, ok := timeOf(body)
	if !ok {
		return "has no time in the form that entries have"
	}
	for last := &s.all[len(s.all)-1]; last.end > 0 && index >= last.end; last = &s.all[len(s.all)-1] {
		s.open()
	}
	s.all[len(s.all)-1].add(moment{index, at})
	return ""
}

// reached gives the stretch that a checkpoint ends: an empty one when no entry of it was there to be read.
func (s *stretches) reached(size int64) stretch {
	if s.told == len(s.all) || s.all[s.told].end != size {
		return stretch{}
	}
	s.told++
	return s.all[s.told-1]
}

// rest is what lies behind the last checkpoint of the file.
func (s *stretches) rest() stretch { return s.reached(0) }

// said is what others say of one checkpoint that was seen to be of the tree: when it was there. Zero: they say nothing.
type said struct {
	size               int64
	witnessed, stamped time.Time
}

// when reads what is said of a kept checkpoint that was seen to be of the tree.
func (v *verification) when(p point) (said, error) {
	w := said{size: p.size, witnessed: p.seen.witnessed}
	var err error
	if p.seen.stamped {
		w.stamped, err = v.stamps.read(v.contents, format.Checkpoint{Origin: v.head.Origin, Size: p.size, Root: p.root})
	}
	return w, err
}

// reached holds the times of the entries before a checkpoint to what is said of it. Checkpoints come in the order of their sizes.
func (v *verification) reached(w said, s stretch) error {
	if err := v.stamps.next(w); err != nil {
		return err
	}
	first, last := w.witnessed, w.stamped
	if first.IsZero() || !last.IsZero() && last.Before(first) {
		first, last = last, first
	}
	if last.IsZero() {
		last = first
	}
	v.dates.reach(w.size, first, last, s)
	return nil
}

// dates holds the times of entries to what others say, in the order of the log.
type dates struct {
	size  int64     // of the checkpoint of since
	since time.Time // the latest time at which somebody says that a checkpoint so far was there
	high  moment    // the latest entry since the last of them
	said  int64     // of how many checkpoints something was said
	fault *Fault    // the first entry whose time contradicts that
}

// wrong notes an entry. All else is checked before it is named: the clock of a server that was wrong once must not hide what is worse.
func (d *dates) wrong(index int64, what string, args ...any) {
	if d.fault == nil {
		d.fault = faultAt(index, what, args...)
	}
}

// found names the first entry whose time contradicts what others say.
func (d *dates) found() error {
	if d.fault == nil {
		return nil
	}
	return d.fault
}

// pass takes what lies behind a checkpoint: no entry of it is older than that one.
func (d *dates) pass(s stretch) {
	if d.high.at.before(s.high.at) {
		d.high = s.high
	}
	if d.since.IsZero() {
		return
	}
	bound := clockOf(d.since.Add(-Tolerance))
	for _, low := range s.lows {
		if low.at.before(bound) {
			d.wrong(low.index, "is dated %s, %s before others saw the first %d entries, among which it is not", low.at[:], d.since.Sub(low.at.time()).Round(time.Second), d.size)
			return
		}
	}
}

// reach takes the entries of s, and the checkpoint behind them, which was there at a time by whoever saw it first, and by whoever saw it last.
func (d *dates) reach(size int64, first, last time.Time, s stretch) {
	d.pass(s)
	if clockOf(first.Add(Tolerance)).before(d.high.at) {
		d.wrong(d.high.index, "is dated %s, %s after others saw the first %d entries, among which it is", d.high.at[:], d.high.at.time().Sub(first).Round(time.Second), size)
	}
	if d.since.Before(last) {
		d.size, d.since = size, last
	}
	d.high = moment{}
	d.said++
}
