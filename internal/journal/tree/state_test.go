package tree

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// refuses checks that an integrator that starts on this state file, and the log it shows, refuse with want.
func (h *house) refuses(t *testing.T, state string, want error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := h.integrator(t, state).Run(ctx); !errors.Is(err, want) {
		t.Errorf("Run: %v, want %v", err, want)
	}
}

// forge writes a state file of a tree that was never in the database.
func (h *house) forge(t *testing.T, size int64, root format.Hash) string {
	t.Helper()
	signed, err := h.in.signer.Sign(size, root)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "forged")
	if err := os.WriteFile(path, signed, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestIntegrator_RefusesADatabaseBelowOrBesideItsState(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 3)
	three := h.catchUp(t)
	h.acts(t, 4)
	seven := h.catchUp(t)
	for name, c := range map[string]struct {
		size int64
		root format.Hash
		want error
	}{
		"below":                  {8, seven.Root, ErrBelow},
		"beside, the same size":  {7, format.Hash{1}, ErrBeside},
		"beside, a smaller size": {3, format.Hash{1}, ErrBeside},
		"a prefix":               {3, three.Root, nil},
		"the same":               {7, seven.Root, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := h.forge(t, c.size, c.root)
			log, err := OpenLog(h.DB, h.in.signer.Keys(), path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := log.Checkpoint(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("Checkpoint: %v, want %v", err, c.want)
			}
			if c.want != nil {
				h.refuses(t, path, c.want)
				return
			}
			if _, err := h.integrator(t, path).Step(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("an empty database", func(t *testing.T) {
		empty := newHouse(t)
		empty.secret = h.secret
		empty.refuses(t, h.state, ErrBelow)
	})
	t.Run("a damaged file", func(t *testing.T) {
		path := h.forge(t, 7, seven.Root)
		b, _ := os.ReadFile(path)
		_ = os.WriteFile(path, []byte(strings.Replace(string(b), "\n7\n", "\n6\n", 1)), 0o600)
		if _, err := OpenLog(h.DB, h.in.signer.Keys(), path); err == nil {
			t.Error("a state file with a broken signature was read")
		}
	})
}

// What a server left that was killed is gone when it starts again, and nothing else.
func TestState_TidiesWhatAKillLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 3)
	h.catchUp(t)
	dir := filepath.Dir(h.state)
	for _, name := range []string{".journal-1", ".journal-2345", "journal-mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.in = h.integrator(t, h.state)
	h.acts(t, 1)
	h.catchUp(t)
	left, err := os.ReadDir(dir)
	var names []string
	for _, f := range left {
		names = append(names, f.Name())
	}
	if want := []string{filepath.Base(h.state), "journal-mine"}; err != nil || !slices.Equal(names, slices.Sorted(slices.Values(want))) {
		t.Errorf("left: %v, %v; want %v", names, err, want)
	}
}

// A database that does not answer is waited for; it is not another log.
func TestAdmit_TakesSilenceForNoContradiction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 3)
	three := h.catchUp(t)
	h.acts(t, 4)
	seven := h.catchUp(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := admit(three, seven, h.in.log.tiles(gone)); err == nil || refusal(err) {
		t.Errorf("%v", err)
	}
	none := format.TileReader(func(format.TilePath) ([]byte, error) { return nil, db.ErrNotFound })
	if err := admit(three, seven, none); !errors.Is(err, ErrBeside) {
		t.Errorf("without tiles: %v", err)
	}
}

func TestIntegrator_RefusesAnotherCluster(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"another identifier":                 "update journal_tree set cluster = cluster + 1",
		"a transaction that is yet to come ": "update journal_tree set xid = '999999999999'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.acts(t, 1)
			h.catchUp(t)
			session{h.Connect(t, h.Superuser)}.do(t, change)
			h.refuses(t, h.state, ErrCluster)
		})
	}
}

func TestIntegrator_RefusesTilesThatWereChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 3)
	h.catchUp(t)
	session{h.Connect(t, h.Superuser)}.do(t, "set session_replication_role = replica; update journal_tile set hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40))")
	h.refuses(t, h.state, ErrTree)
}

func TestAdoptSQL_TakesALoadedCopyOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 3)
	h.catchUp(t)
	h.acts(t, 2)
	session{h.Connect(t, h.Superuser)}.do(t, `set session_replication_role = replica; update journal_entry set xid = (xid::text::bigint + 10000000000)::text::xid8;
		update journal_tree set xid = (xid::text::bigint + 10000000000)::text::xid8, cluster = cluster + 1`)
	h.refuses(t, h.state, ErrCluster)
	for n := range 2 { // the second time as for a copy beside the original
		session{h.Connect(t, h.Owner)}.do(t, AdoptSQL)
		h.in = h.integrator(t, h.state)
		h.acts(t, 1)
		if c := h.catchUp(t); c.Size != int64(6+n) {
			t.Fatalf("taken over %d times: %+v", n+1, c)
		}
	}
	if _, err := verified(t, h.export(t), h.policy(t)); err != nil {
		t.Fatal(err)
	}
	h.refusesUpdates(t)
}

// refusesUpdates checks that the triggers that keep entries and the tree are on.
func (h *house) refusesUpdates(t *testing.T) {
	t.Helper()
	if _, err := h.Connect(t, h.Owner).Exec(t.Context(), "update journal_entry set body = '{}'"); err == nil {
		t.Error("the owner may change entries")
	}
	if _, err := h.Connect(t, h.Owner).Exec(t.Context(), "update journal_tree set size = size - 1"); err == nil {
		t.Error("the owner may let the tree go back")
	}
}
