package verify

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"mandat/internal/journal/format"
)

// How a site is asked.
const (
	siteTimeout = 15 * time.Second // an answer
	siteLag     = 30 * time.Second // by which caches, or witnesses that are waited for, may have an older checkpoint shown
	siteWorkers = 4
)

// site is a published log.
type site struct {
	address string
	client  *http.Client
	policy  *Policy
	read    atomic.Int64 // tiles and bundles read
}

func newSite(o Options) (*site, error) {
	u, err := url.Parse(strings.TrimRight(o.Site, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the site's address is not of the form https://host")
	}
	if !strings.HasSuffix(u.Path, "/journal") {
		u.Path += "/journal"
	}
	client := o.Client
	if client == nil {
		client = &http.Client{Timeout: siteTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &site{address: u.String(), client: client, policy: o.Policy}, nil
}

// errAbsent says that the site does not show something.
var errAbsent = errors.New("status 404")

// get reads a resource of at most limit bytes. errAbsent: there is none.
func (s *site) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("%s/%s: %w", s.address, path, errAbsent)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s/%s: status %d", s.address, path, resp.StatusCode) // its words are a stranger's
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s/%s: too long", s.address, path)
	}
	return b, err
}

// checkpoint reads the site's checkpoint, waiting a little for one of at least this size.
func (s *site) checkpoint(ctx context.Context, atLeast int64) (format.Checkpoint, []string, error) {
	for until := time.Now().Add(siteLag); ; {
		b, err := s.get(ctx, format.CheckpointName, format.MaxCheckpoint)
		if err != nil {
			return format.Checkpoint{}, nil, err
		}
		c, by, err := s.policy.open(b)
		if err != nil {
			return format.Checkpoint{}, nil, faultIn("the site's %v", err)
		}
		if c.Size >= atLeast || time.Now().After(until) {
			return c, by, nil
		}
		select {
		case <-ctx.Done():
			return format.Checkpoint{}, nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// tiles reads tiles of hashes.
func (s *site) tiles(ctx context.Context) format.TileReader {
	return func(t format.TilePath) ([]byte, error) {
		want := t.Width * len(format.Hash{})
		b, err := s.get(ctx, t.String(), int64(want))
		if err == nil && len(b) != want {
			err = fmt.Errorf("%s/%s: not %d hashes", s.address, t, t.Width)
		}
		s.read.Add(1)
		return b, err
	}
}

// bundle reads the commitments of one tile of leaves.
func (s *site) bundle(ctx context.Context, t format.TilePath) ([]format.Hash, error) {
	const each = 2 + len(format.Hash{})
	t.Level = format.EntriesLevel
	b, err := s.get(ctx, t.String(), int64(t.Width*each))
	if err != nil {
		return nil, err
	}
	s.read.Add(1)
	if len(b) != t.Width*each {
		return nil, faultAt(t.Index*format.TileWidth+int64(len(b)/each), "is not in the site's bundle %s", t)
	}
	out := make([]format.Hash, t.Width)
	for n := range out {
		if binary.BigEndian.Uint16(b[n*each:]) != uint16(len(format.Hash{})) {
			return nil, faultAt(t.Index*format.TileWidth+int64(n), "is not a commitment of 32 bytes in the site's bundle %s", t)
		}
		copy(out[n][:], b[n*each+2:])
	}
	return out, nil
}

// verifySite checks a site without an export: the commitments lead to the tiles, the tiles to the signed root.
func verifySite(ctx context.Context, o Options, r *Report) error {
	s, err := newSite(o)
	if err != nil {
		return err
	}
	stamp, err := s.stamp(ctx, o)
	if err != nil {
		return err
	}
	c, by, err := s.checkpoint(ctx, stamp.of.Size)
	if err != nil {
		return err
	}
	r.Origin, r.Size, r.Root, r.SiteSize, r.Checkpoints, r.SignedBy = c.Origin, c.Size, c.Root, c.Size, 1, by
	defer func() { r.Tiles = s.read.Load() }()
	w := &siteWalk{site: s, size: c.Size}
	if err := w.walk(ctx); err != nil {
		return err
	}
	if w.tree.root() != c.Root {
		return faultIn("the site's tiles do not lead to the root of its checkpoint")
	}
	if err := s.stamped(ctx, stamp, c, r); err != nil {
		return err
	}
	return s.ends(ctx, c)
}

// ends checks that the site's log is the one that keys which ended have signed.
func (s *site) ends(ctx context.Context, shown format.Checkpoint) error {
	for _, e := range s.policy.logs.Ends(shown.Origin) {
		if e.Size > shown.Size {
			continue
		}
		if err := format.Extends(s.tiles(ctx), format.Checkpoint{Origin: shown.Origin, Size: e.Size, Root: e.Root}, shown); err != nil {
			return faultIn("the site shows another log than the one of %d entries at which a former key ended: %v", e.Size, err)
		}
	}
	return nil
}

// leafTile is a tile of leaves with the commitments it is made of, being fetched.
type leafTile struct {
	path        format.TilePath
	hashes      []byte
	commitments []format.Hash
	err         error
}

// siteWalk reads all tiles of a site from left to right, some ahead.
type siteWalk struct {
	*site
	size   int64
	tree   peaks
	levels [][]format.Hash // hashes that the tiles of levels 1 and up must hold
}

func (w *siteWalk) walk(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ahead := make(chan chan leafTile, siteWorkers)
	go func() {
		defer close(ahead)
		for first := int64(0); first < w.size; first += format.TileWidth {
			one := make(chan leafTile, 1)
			select {
			case ahead <- one:
			case <-ctx.Done():
				return
			}
			path := format.TilePath{Level: 0, Index: first / format.TileWidth, Width: int(min(format.TileWidth, w.size-first))}
			go func() { one <- w.fetch(ctx, path) }()
		}
	}()
	for one := range ahead {
		t := <-one
		if t.err != nil {
			return t.err
		}
		if err := w.leaves(ctx, t); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.finish(ctx)
}

func (w *siteWalk) fetch(ctx context.Context, path format.TilePath) leafTile {
	t := leafTile{path: path}
	if t.hashes, t.err = w.tiles(ctx)(path); t.err == nil {
		t.commitments, t.err = w.bundle(ctx, path)
	}
	return t
}

// leaves checks a tile of leaves against its commitments and adds it to the tree.
func (w *siteWalk) leaves(ctx context.Context, t leafTile) error {
	leaves := make([]format.Hash, len(t.commitments))
	for n, c := range t.commitments {
		leaves[n] = format.LeafHash(c)
		if string(leaves[n][:]) != string(t.hashes[n*len(format.Hash{}):(n+1)*len(format.Hash{})]) {
			return faultAt(t.path.Index*format.TileWidth+int64(n), "the site's bundle and its tile differ")
		}
	}
	if len(leaves) < format.TileWidth {
		for _, leaf := range leaves {
			w.tree.add(leaf, 0)
		}
		return nil
	}
	root := format.PerfectRoot(leaves)
	w.tree.add(root, 8)
	return w.raise(ctx, 1, root)
}

// raise adds a hash to the level's open tile, and compares the tile with the site's when it is full.
func (w *siteWalk) raise(ctx context.Context, level int, h format.Hash) error {
	if len(w.levels) < level {
		w.levels = append(w.levels, nil)
	}
	w.levels[level-1] = append(w.levels[level-1], h)
	if len(w.levels[level-1]) < format.TileWidth {
		return nil
	}
	if err := w.compare(ctx, level); err != nil {
		return err
	}
	up := format.PerfectRoot(w.levels[level-1])
	w.levels[level-1] = w.levels[level-1][:0]
	return w.raise(ctx, level+1, up)
}

// compare fetches the tile of a level that ends where the tree has come to.
func (w *siteWalk) compare(ctx context.Context, level int) error {
	hashes := w.levels[level-1]
	if len(hashes) == 0 {
		return nil
	}
	covered := (w.tree.size >> (8 * level)) - 1 // index, in the level, of the last hash
	path := format.TilePath{Level: level, Index: covered / format.TileWidth, Width: len(hashes)}
	b, err := w.tiles(ctx)(path)
	if err != nil {
		return err
	}
	for n, h := range hashes {
		if string(h[:]) != string(b[n*len(format.Hash{}):(n+1)*len(format.Hash{})]) {
			width := int64(1) << (8 * level)
			first := (path.Index*format.TileWidth + int64(n)) * width
			return &Fault{Index: first, Last: first + width - 1, What: fmt.Sprintf("the site's tile %s is not over its entries", path)}
		}
	}
	return nil
}

func (w *siteWalk) finish(ctx context.Context) error {
	for level := range w.levels {
		if err := w.compare(ctx, level+1); err != nil {
			return err
		}
	}
	return nil
}

// site checks the site's checkpoint against the export's, if a site is given.
func (v *verification) site(ctx context.Context, o Options, r *Report) error {
	if o.Site == "" {
		return nil
	}
	s, err := newSite(o)
	if err != nil {
		return err
	}
	stamp, err := s.stamp(ctx, o)
	if err != nil {
		return err
	}
	shown, by, err := s.checkpoint(ctx, max(v.head.Size, stamp.of.Size))
	if err != nil {
		return err
	}
	r.SiteSize = shown.Size
	if shown.Origin != v.head.Origin {
		return faultIn("the site shows the log %q, the export is of %q", shown.Origin, v.head.Origin)
	}
	if shown.Size <= v.head.Size {
		v.extra = append(v.extra, point{size: shown.Size, root: shown.Root, what: sitePoint, by: by})
	} else if err := format.Extends(s.tiles(ctx), v.head, shown); err != nil {
		return faultIn("the site shows another log than the export: %v", err)
	}
	if err := s.stamped(ctx, stamp, shown, r); err != nil {
		return err
	}
	r.Tiles = s.read.Load()
	if shown.Size < v.head.Size {
		return faultIn("the site shows %d entries, fewer than the %d of the export", shown.Size, v.head.Size)
	}
	return nil
}
