package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/bits"

	"mandat/internal/journal/format"
)

// An entry whose salt and text are gone must be accounted for by a later entry of the log, which names its index
// (format.Accounts). So one that was removed without an act shows. What is gone is kept in a bitmap for each file that has
// such entries, and what later entries name is cleared; what is left at the end is nobody's act.

// absent are the entries of one file that are gone: a bit for each.
type absent [format.FileEntries / 64]uint64

// account is an entry that says which others were forgotten.
type account struct{ runs []format.Run }

// accountPrefixes are the beginnings of the entries that account for others: in the canonical form the action comes first.
var accountPrefixes = func() (out [][]byte) {
	for _, action := range format.Accounts {
		out = append(out, []byte(`{"action":"`+action+`"`))
	}
	return out
}()

// accounts reads an entry that accounts for others; nil is an entry that does not. What is wrong with it is told in words.
func accounts(index int64, body []byte) (*account, string) {
	if !bytes.HasPrefix(body, accountPrefixes[0]) && !bytes.HasPrefix(body, accountPrefixes[1]) {
		return nil, ""
	}
	var e struct {
		Detail struct {
			Forgotten []string `json:"forgotten"`
		} `json:"detail"`
	}
	if json.Unmarshal(body, &e) != nil {
		return nil, "does not say which entries were forgotten"
	}
	runs, ok := format.ParseRuns(e.Detail.Forgotten)
	if !ok || len(runs) > 0 && runs[len(runs)-1].Last >= index {
		return nil, "does not say which entries before it were forgotten"
	}
	return &account{runs}, ""
}

// isGone notes that an entry of the file is gone.
func (f *file) isGone(index int64) {
	if f.absent == nil {
		f.absent = &absent{}
	}
	at := index - f.first
	f.absent[at/64] |= 1 << (at % 64)
}

// account settles, in the order of the files, what a file lacks with what its entries and those of later files account for. The lock
// is held.
func (v *verification) account(f *file) {
	if f.absent != nil {
		if v.absent == nil {
			v.absent = map[int64]*absent{}
		}
		v.absent[f.number] = f.absent
		f.absent = nil
	}
	for _, a := range f.accounts {
		for _, r := range a.runs {
			v.named(r)
		}
	}
}

// accountLater settles what is left with entries behind the checkpoint.
func (v *verification) accountLater(ctx context.Context) error {
	if len(v.absent) == 0 || v.later == nil {
		return nil
	}
	bodies, err := v.later(ctx)
	if err != nil {
		return err
	}
	for _, body := range bodies {
		a, _ := accounts(math.MaxInt64, body)
		for _, r := range a.all() {
			v.named(r)
		}
	}
	return nil
}

// all are the runs of an entry that accounts for others; none of one that does not.
func (a *account) all() []format.Run {
	if a == nil {
		return nil
	}
	return a.runs
}

func (v *verification) named(r format.Run) {
	for first := r.First; first <= r.Last; {
		number := first / format.FileEntries
		end := min(r.Last+1, (number+1)*format.FileEntries)
		if of := v.absent[number]; of != nil {
			for i := first; i < end; i++ {
				at := i % format.FileEntries
				of[at/64] &^= 1 << (at % 64)
			}
			if *of == (absent{}) {
				delete(v.absent, number)
			}
		}
		first = end
	}
}

// unaccounted names the first entry that is gone and that no later entry names.
func (v *verification) unaccounted() error {
	lowest := int64(-1)
	for number := range v.absent {
		if lowest < 0 || number < lowest {
			lowest = number
		}
	}
	if lowest < 0 {
		return nil
	}
	for i, word := range v.absent[lowest] {
		if word != 0 {
			return faultAt(lowest*format.FileEntries+int64(i*64+bits.TrailingZeros64(word)), "is gone: salt and entry were deleted, and no later entry says so")
		}
	}
	return nil
}
