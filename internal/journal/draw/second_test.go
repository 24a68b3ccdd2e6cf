package draw

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// other is what the second program found.
type other struct {
	Why             string
	Lapsed          bool
	Witnessed, Size int64
	Population      int64
	Sum             string
	Places          []int64
}

// second runs testdata/second.mjs on an export of the log as it is now.
func (w *world) second(place int64, share Share) other {
	w.t.Helper()
	dir := w.t.TempDir()
	w.must(os.CopyFS(filepath.Join(dir, "export"), w.export()))
	policy, certificate := filepath.Join(dir, "policy"), filepath.Join(dir, "ca.pem")
	w.must(errors.Join(os.WriteFile(policy, []byte(w.policy), 0o600), os.WriteFile(certificate, w.authority.PEM(), 0o600)))
	args := []string{filepath.Join("testdata", "second.mjs"), policy, certificate, filepath.Join(dir, "export"), fmt.Sprint(place)}
	if share != "" {
		args = append(args, string(share))
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", args...).CombinedOutput()
	var o other
	if err != nil || json.Unmarshal(out, &o) != nil {
		w.t.Fatalf("%s, %v", out, err)
	}
	return o
}

// whys are the errors here and there.
var whys = map[string]error{"no order": ErrNoOrder, "quorum": ErrQuorum, "authority": ErrAuthority, "unwitnessed": ErrUnwitnessed, "undrawn": ErrUndrawn, "share": ErrShare}

// agree fails the test unless both say the same.
func (w *world) agree(what string, place int64, share Share) other {
	w.t.Helper()
	d, err := w.recompute(place, share)
	o := w.second(place, share)
	switch {
	case o.Why != "":
		if err == nil || !errors.Is(err, whys[o.Why]) {
			w.t.Errorf("%s: we say %v; the other says %s", what, err, o.Why)
		}
	case o.Lapsed:
		if err != nil || d.State != Lapsed {
			w.t.Errorf("%s: we say %s, %v; the other says that it lapsed", what, d.State, err)
		}
	case err != nil || d.State != Ready || o.Witnessed != d.Witnessed.Size || o.Size != d.Drawn.Size || o.Population != d.Stated.Population || o.Sum != d.Stated.PopulationSHA256 || !slices.Equal(o.Places, d.Stated.Places):
		w.t.Errorf("%s: we say %+v, %v; the other says %+v", what, d.Stated, err, o)
	}
	return o
}

// A program that was written from docs/samples.md alone draws the same, from two dozen made-up journals.
func TestSecond_DrawsTheSame(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(21, 22))
	populations := []Population{{}, rsa, {Actions: []string{"power.used"}}, {Actions: []string{"mandate.signed", "session.opened"}, Organisation: "01939b1c-7c5e-7000-8000-0123456789ff"}, {Service: "impots"}, {Service: "unknown"},
		{Procedure: "ants-permis", Since: "2026-11-21T10:00:20.000000Z", Until: "2026-11-21T10:01:00.000000Z"}}
	share := Share(strings.Repeat("0f", 32))
	for n := range 20 {
		bound := n%4 == 0
		w, place := drawable(t, 10+random.IntN(290), 1+random.IntN(30), populations[n%len(populations)], func(o *Order) {
			if bound {
				o.Share = share.Sum()
			}
			if n%3 == 0 {
				slices.Reverse(o.Witnesses)
			}
			if n%5 == 0 {
				o.Witnesses = o.Witnesses[:2]
			}
		})
		s := Share("")
		if bound {
			s = share
		}
		if n%2 == 0 {
			w.say(place, s, nil)
			s = ""
			w.forget(place-3, place-2, 4)
		}
		if o := w.agree(fmt.Sprintf("journal %d", n), place, s); o.Size == 0 {
			t.Errorf("journal %d: nothing was drawn: %+v", n, o)
		}
	}
}

// Both refuse the same.
func TestSecond_RefusesTheSame(t *testing.T) {
	t.Parallel()
	share := Share(strings.Repeat("0f", 32))
	w, place := drawable(t, 30, 5, rsa, func(o *Order) { o.Share = share.Sum() })
	w.agree("no share", place, "")
	w.agree("another share", place, Share(strings.Repeat("0e", 32)))
	w.agree("another entry", place-1, "")
	w, place = drawable(t, 30, 5, rsa, func(o *Order) { o.Witnesses = o.Witnesses[:1] })
	w.agree("too few witnesses", place, "")
	w, place = drawable(t, 30, 5, rsa, func(o *Order) { o.Authorities = []string{strings.Repeat("0", 64)} })
	w.agree("another authority", place, "")
	w = newWorld(t)
	place = w.order(rsa, 3, nil)
	w.keep(0, 1)
	w.agree("not witnessed", place, "")
	w.stamp(w.keep(all...), w.authority)
	w.agree("nothing follows", place, "")
	d := w.keepAfter(Term+time.Second, all...)
	w.now = w.now.Add(-Term)
	w.stamp(d, w.authority)
	w.now = w.now.Add(Term)
	w.agree("cosigned too late", place, "")
}
