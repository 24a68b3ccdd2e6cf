package verify

import (
	"time"

	"mandat/internal/journal/format"
)

// Report is what was verified. When Log also returns a Fault, it holds for what lies before it.
type Report struct {
	Origin      string
	Size        int64 // entries that the checkpoint of the export (else of the site) covers
	Root        format.Hash
	Asked       *format.Request // what of the log the export holds; nil: all of it
	Entries     int64           // entries of which body and salt were there and fit
	Over        int64           // entries whose time is over: only their place in the tree could be checked
	Checkpoints int64           // signed checkpoints that were checked
	Stamps      int64           // timestamps that were checked; each is of a kept checkpoint
	Unchecked   int64           // timestamps that are there, and that nobody named an authority for
	LastStamp   time.Time       // the time of the last that was checked
	Dated       int64           // checkpoints to whose times, as witnesses or the authority say them, the times of entries were held
	SiteSize    int64           // entries that the site's checkpoint covers; -1: no site was asked
	SiteStamp   time.Time       // of the newest timestamp that the site shows; zero: it shows none, or no authority was named
	Tiles       int64           // tiles and bundles of the site that were checked
	SignedBy    []string        // ids of the keys that signed the last checkpoint that was checked
	Breaks      []Break         // where the log went on under a key that no key before it had signed with
}

// Break is where no checkpoint is signed by both the keys before and those after: the one before was lost, or ended at once. That the
// log is the same is then said by the policy alone, which names size and root of the tree with which the key ended.
type Break struct {
	After int64  // entries under the last checkpoint by a key of before
	Size  int64  // entries under the first one by another
	Key   string // id of that other key
}

func (v *verification) report(r *Report) {
	r.Origin, r.Size, r.Root = v.head.Origin, v.head.Size, v.head.Root
	r.Entries, r.Over, r.Checkpoints = v.entries, v.over, v.checkpoints
	r.SignedBy, r.Breaks = v.headBy, v.breaks
	v.told(r)
}

// told reports what others say of the times.
func (v *verification) told(r *Report) {
	r.Stamps, r.LastStamp, r.Unchecked, r.Dated = v.stamps.checked, v.stamps.last, v.stamps.unchecked(), v.dates.said
}
