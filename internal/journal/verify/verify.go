package verify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"

	"mandat/internal/journal/format"
)

// Options says what to verify, and whom to trust.
type Options struct {
	Policy  *Policy      // required: trust never comes from what is verified
	Export  fs.FS        // an export (see OpenExport); nil: only the site
	Site    string       // address of the site, such as "https://mandat.example", or of its log; "": only the export
	Client  *http.Client // nil is one with time-outs
	Gone    int64        // entries with a smaller index may be gone although no entry says that they were forgotten; 0: none may
	Workers int          // files checked at a time; 0 is the number of processors, at most 2: each needs about 4 MB

	// Later gives the texts of entries behind the export's checkpoint that account for others. It is asked at the end when some are gone that no entry before
	// accounts for: an entry may be forgotten while the export is made or read. nil: there are none.
	Later func(context.Context) ([][]byte, error)

	// Authority is the certificate of the timestamp authority that is believed, or one above it. nil: timestamps are not checked.
	Authority *x509.CertPool

	Unlisted bool // the export is made as it is read (tree.Files): it has no list of its files
}

// Log checks that a log is what its checkpoints say. An export is checked whole: each line is in canonical form and
// fits its commitment, the commitments lead to the signed root, every kept checkpoint is signed and is of a beginning of
// the same tree. Of an export of a part, each line that it has leads to the signed root (part.go). With a site as well, the export and what the site now shows are checked to be the same log. With a site
// alone, all its tiles are. It needs no database, and some four megabytes of
// memory for each worker, whatever the size.
//
// The error is a *Fault (AsFault) that names the first entry that does not fit, or says that something cannot be read.
func Log(ctx context.Context, o Options) (Report, error) {
	r := Report{SiteSize: -1}
	if o.Policy == nil {
		return r, errors.New("verify: a policy file must say whom to trust")
	}
	if o.Export == nil && o.Site == "" {
		return r, errors.New("verify: neither an export nor a site")
	}
	if o.Export == nil {
		return r, wrap(verifySite(ctx, o, &r))
	}
	c, err := openContents(o.Export, o.Unlisted)
	if err != nil {
		return r, wrap(err)
	}
	v, err := newVerification(o, c)
	if err != nil {
		return r, wrap(err)
	}
	if err := v.site(ctx, o, &r); err != nil {
		return r, wrap(err)
	}
	if !c.request.Whole(v.head.Size) {
		return r, wrap(checkPart(ctx, o, v, &r))
	}
	err = v.run(ctx, o.Workers)
	v.report(&r)
	return r, wrap(err)
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("verify: %w", err)
}

// point is a checkpoint that was seen to be signed: it must be a beginning of the tree.
type point struct {
	size int64
	root format.Hash
	what string   // where it was found
	by   []string // ids of the keys that signed it; none: a policy says it
	seen outside  // what others say of when it was there
}

const (
	keptPoint = "the next kept checkpoint"
	sitePoint = "the site's checkpoint"
	endPoint  = "the end of a former key, as the policy names it,"
)

// verification is the check of one export. Files are checked at the same time, and joined in order.
type verification struct {
	contents *contents
	policy   *Policy
	head     format.Checkpoint
	extra    []point // checkpoints from elsewhere that must fit
	files    int64
	stamps   *stamps
	dates    dates
	odd      *Fault       // the first entry that says what none should, as it was signed
	above    *above       // the levels of tiles above those of files
	next     atomic.Int64 // file to be taken by a worker

	mu     sync.Mutex
	joined *sync.Cond
	turn   int64 // file to be joined
	tree   peaks
	good   int64 // size of the last checkpoint that fitted
	kept   int64 // size of the last kept checkpoint that fitted
	err    error // the first, in the order of the files

	entries, over, checkpoints int64

	headBy  []string
	trusted map[string]bool // ids of the keys that are joined to the first one by checkpoints that both signed
	breaks  []Break
	last    int64 // size of the last checkpoint whose signers were noted

	gone   int64 // entries before this one may be gone
	later  func(context.Context) ([][]byte, error)
	absent map[int64]*absent // by the number of their file: entries that are gone, and that no entry so far accounts for
}

func newVerification(o Options, c *contents) (*verification, error) {
	v := &verification{contents: c, policy: o.Policy, gone: o.Gone, later: o.Later, above: &above{}, stamps: stampsOf(c, o.Authority)}
	v.joined = sync.NewCond(&v.mu)
	signed, err := c.read(format.CheckpointName, format.MaxCheckpoint)
	if err != nil {
		return nil, err
	}
	if v.head, v.headBy, err = o.Policy.open(signed); err != nil {
		return nil, faultIn("%v", err)
	}
	for _, e := range o.Policy.logs.Ends(v.head.Origin) {
		if e.Size <= v.head.Size {
			v.extra = append(v.extra, point{size: e.Size, root: e.Root, what: endPoint})
		}
	}
	v.files = (v.head.Size + format.FileEntries - 1) / format.FileEntries
	return v, nil
}

func readLimited(from fs.FS, name string, limit int64) ([]byte, error) {
	f, err := from.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: too long", name)
	}
	return b, err
}

func (v *verification) run(ctx context.Context, workers int) error {
	if workers <= 0 {
		workers = min(runtime.GOMAXPROCS(0), 2)
	}
	var all sync.WaitGroup
	for range min(int64(workers), v.files) {
		all.Go(func() { v.work(ctx) })
	}
	all.Wait()
	if v.err != nil {
		return v.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return v.finish(ctx)
}

// work takes files in order until there are no more, or one before has a fault.
func (v *verification) work(ctx context.Context) {
	f := &file{v: v}
	defer f.lines.release()
	for {
		f.number = v.next.Add(1) - 1
		if f.number >= v.files || v.stopped() {
			return
		}
		err := f.check(ctx)
		if !v.join(f, err) {
			return
		}
	}
}

func (v *verification) stopped() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err != nil
}

// join waits for the files before f and puts f's part of the tree behind theirs. It reports whether to go on.
func (v *verification) join(f *file, err error) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.turn != f.number && v.err == nil {
		v.joined.Wait()
	}
	defer v.joined.Broadcast()
	if v.err != nil {
		return false
	}
	if err == nil {
		err = f.join(&v.tree)
	}
	if err == nil {
		v.account(f)
	}
	v.entries += f.entries
	v.over += f.over
	v.err = err
	v.turn++
	return err == nil
}

// passed checks one checkpoint against the tree as it is at its size.
func (v *verification) passed(p point, root format.Hash) error {
	if p.root != root {
		return &Fault{Index: v.good, Last: p.size - 1, What: p.what + " is of other entries, and says nothing of which; compare with the site or another export"}
	}
	v.good = p.size
	if p.what == endPoint {
		return nil
	}
	v.checkpoints++
	if p.what != sitePoint {
		v.signed(p)
	}
	if p.what != keptPoint {
		return nil
	}
	if p.size-v.kept > format.KeptWithin {
		return v.notKept(p.size)
	}
	v.kept = p.size
	return nil
}

// signed notes who signed a checkpoint, in the order of their sizes.
func (v *verification) signed(p point) {
	known := len(v.trusted) == 0
	for _, id := range p.by {
		known = known || v.trusted[id]
	}
	if !known {
		v.breaks = append(v.breaks, Break{After: v.last, Size: p.size, Key: p.by[0]})
		v.trusted = nil
	}
	for _, id := range p.by {
		if v.trusted == nil {
			v.trusted = map[string]bool{}
		}
		v.trusted[id] = true
	}
	v.last = p.size
}

// notKept names the stretch in which there is no kept checkpoint. The signed root covers its entries all the same; but the
// kept ones tell when entries were there, and narrow a forgery down.
func (v *verification) notKept(until int64) *Fault {
	return &Fault{Index: v.kept, Last: until - 1, What: "the checkpoints that were kept while these were added are not in the export"}
}

func (v *verification) finish(ctx context.Context) error {
	if v.tree.size != v.head.Size {
		return faultAt(v.tree.size, "is missing")
	}
	for _, p := range v.extra {
		if p.size == 0 && p.root != format.EmptyRoot() {
			return faultIn("%s is of other entries", p.what)
		}
	}
	if err := v.passed(point{size: v.head.Size, root: v.head.Root, what: "the export's checkpoint", by: v.headBy}, v.tree.root()); err != nil {
		return err
	}
	if v.kept == 0 && v.head.Size > 0 || v.head.Size-v.kept > format.KeptWithin {
		return v.notKept(v.head.Size)
	}
	if err := v.nothingMore(); err != nil {
		return err
	}
	if err := v.accountLater(ctx); err != nil {
		return err
	}
	if err := v.unaccounted(); err != nil {
		return err
	}
	if err := v.above.check(v.contents); err != nil {
		return err
	}
	if err := v.stamps.rest(); err != nil {
		return err
	}
	if err := v.contents.rest(); err != nil {
		return err
	}
	return v.atLast()
}

// atLast names, when all else is whole, the first entry that says what none should, or whose time contradicts what others say.
func (v *verification) atLast() error {
	if v.odd != nil && (v.dates.fault == nil || v.odd.Index <= v.dates.fault.Index) {
		return v.odd
	}
	return v.dates.found()
}

// nothingMore refuses files of entries beyond the checkpoint.
func (v *verification) nothingMore() error {
	name := v.contents.request.Form.Name(v.files)
	f, err := v.contents.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		_ = f.Close()
	}
	return faultAt(v.head.Size, "%s holds entries beyond the checkpoint", name)
}
