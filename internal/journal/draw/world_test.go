package draw

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
	"mandat/internal/tsa"
)

// world is a log with three witnesses, of whom two are asked for, and an authority, made without a database.
type world struct {
	t         testing.TB
	now       time.Time
	signer    *tree.Signer
	witnesses []witness.Key
	policy    string
	authority *tsa.Authority
	trust     Trust
	random    *rand.ChaCha8

	lines  [][]byte
	leaves []format.Hash
	sums   []format.Hash // commitments
	kept   [][]byte
	stamps map[int64][]byte
}

const origin = "mandat.test/journal"

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), random: rand.NewChaCha8([32]byte{1}), stamps: map[int64][]byte{}}
	w.signer = treetest.Signer(t, origin)
	asked := ""
	for _, name := range []string{"ville", "universite", "association"} {
		k, err := witness.GenerateKey("temoin." + name + ".test/w")
		w.must(err)
		w.witnesses = append(w.witnesses, k)
		asked += "witness " + name + " " + k.VerifierKey() + "\n"
	}
	w.policy = w.signer.PolicyWith("", asked+"group enough 2 ville universite association\nquorum enough\n")
	policy, err := verify.ParsePolicy([]byte(w.policy))
	w.must(err)
	w.authority = w.newAuthority()
	authorities, err := ParseAuthorities(w.authority.PEM())
	w.must(err)
	w.trust = Trust{Policy: policy, Authorities: authorities}
	return w
}

func (w *world) newAuthority() *tsa.Authority {
	w.t.Helper()
	a, err := tsa.New(func() time.Time { return w.now })
	w.must(err)
	return a
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// add puts an entry into the log and returns its place. detail is its detail, in canonical form.
func (w *world) add(action, members, detail string) int64 {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	body := fmt.Appendf(nil, `{"action":"%s","at":"%s","by":{"kind":"aidant"},"detail":%s%s}`, action, w.now.Format(timeFormat), detail, members)
	if !format.IsCanonical(body) {
		w.t.Fatalf("not canonical: %s", body)
	}
	return w.addBody(body)
}

func (w *world) addBody(body []byte) int64 {
	var salt [format.SaltSize]byte
	_, _ = w.random.Read(salt[:])
	c := format.Commitment(salt, body)
	place := int64(len(w.lines))
	w.lines = append(w.lines, format.AppendJSON(nil, place, c[:], salt[:], body))
	w.sums, w.leaves = append(w.sums, c), append(w.leaves, format.LeafHash(c))
	return place
}

// forget takes entries' texts away, and a later entry accounts for them.
func (w *world) forget(places ...int64) {
	slices.Sort(places)
	var runs []string
	for i := 0; i < len(places); i++ {
		first := i
		for i+1 < len(places) && places[i+1] == places[i]+1 {
			i++
		}
		run := fmt.Sprintf("%d", places[first])
		if i > first {
			run += fmt.Sprintf("-%d", places[i])
		}
		runs = append(runs, run)
	}
	for _, p := range places {
		w.lines[p] = format.AppendJSON(nil, p, w.sums[p][:], nil, nil)
	}
	w.event("citizen.erased", map[string]any{"forgotten": runs})
}

// fill adds entries of all sorts.
func (w *world) fill(n int) {
	for i := range n {
		switch i % 5 {
		case 0:
			w.add("power.used", `,"organisation":"01939b1c-7c5e-7000-8000-0123456789ab"`, `{"client":"caf","procedure":"caf-rsa","service":"unknown"}`)
		case 1:
			w.add("mandate.signed", `,"organisation":"01939b1c-7c5e-7000-8000-0123456789ab"`, `{"powers":[{"procedure":"caf-rsa"},{"procedure":"ants-permis"}]}`)
		case 2:
			w.add("mandate.signed", `,"organisation":"01939b1c-7c5e-7000-8000-0123456789ff"`, `{"procedures":["ants-permis"]}`)
		case 3:
			w.add("power.used", `,"organisation":"01939b1c-7c5e-7000-8000-0123456789ff"`, `{"client":"impots","procedure":"impots","service":"impots"}`)
		default:
			w.add("session.opened", "", `{"acr":"eidas1","powers":"none","procedure":7}`)
		}
	}
}

// order orders a sample; change may spoil it.
func (w *world) order(p Population, wanted int, change func(*Order)) int64 {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	o := Order{Sample: fmt.Sprintf("01939b1c-7c5e-7000-8000-%012d", len(w.lines)), Number: "2026-0001", Population: p, Wanted: wanted, Reason: "routine", EndsAt: w.now.Add(Term).Format(timeFormat)}
	for _, v := range w.trust.Policy.Witnesses() {
		o.Witnesses = append(o.Witnesses, v.ID())
	}
	for _, c := range w.trust.Authorities {
		o.Authorities = append(o.Authorities, CertificateSum(c))
	}
	if change != nil {
		change(&o)
	}
	return w.event(ActionOrdered, o)
}

// event adds an entry as the program writes them.
func (w *world) event(action string, detail any) int64 {
	w.t.Helper()
	return w.addBody(w.body(action, detail))
}

func (w *world) body(action string, detail any) []byte {
	w.t.Helper()
	b, err := json.Marshal(detail)
	w.must(err)
	var plain any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	w.must(d.Decode(&plain))
	body, err := format.Canonical(map[string]any{"action": action, "at": w.now.Format(timeFormat), "by": map[string]any{"kind": "system"}, "detail": plain})
	w.must(err)
	return body
}

func (w *world) checkpoint() format.Checkpoint {
	return format.Checkpoint{Origin: origin, Size: int64(len(w.leaves)), Root: rootOf(w.leaves)}
}

// rootOf is RFC 6962 section 2.1.
func rootOf(leaves []format.Hash) format.Hash {
	switch len(leaves) {
	case 0:
		return format.EmptyRoot()
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return format.NodeHash(rootOf(leaves[:k]), rootOf(leaves[k:]))
}

// signed is the checkpoint of now with cosignatures by some witnesses.
func (w *world) signed(by ...int) []byte {
	w.t.Helper()
	c := w.checkpoint()
	out, err := w.signer.Sign(c.Size, c.Root)
	w.must(err)
	for _, i := range by {
		out = append(out, w.witnesses[i].Cosign(c.Text(), w.now)...)
	}
	return out
}

// keep keeps the checkpoint of now, cosigned by some of the witnesses, after one more entry.
func (w *world) keep(by ...int) format.Checkpoint { return w.keepAfter(0, by...) }

// keepAfter is keep of witnesses who cosign later than the entry was made.
func (w *world) keepAfter(later time.Duration, by ...int) format.Checkpoint {
	w.fill(1)
	w.now = w.now.Add(later)
	w.kept = append(w.kept, w.signed(by...))
	return w.checkpoint()
}

// stamp stamps a checkpoint under a size.
func (w *world) stamp(c format.Checkpoint, a *tsa.Authority) {
	w.t.Helper()
	q, err := stamp.Request(stamp.Sum([]byte(c.Text())), big.NewInt(int64(w.random.Uint64()>>1)))
	w.must(err)
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/", bytes.NewReader(q))
	req.Header.Set("Content-Type", stamp.QueryType)
	answer := httptest.NewRecorder()
	a.Handler().ServeHTTP(answer, req)
	reply, err := io.ReadAll(answer.Body)
	w.must(err)
	token, err := stamp.Token(reply)
	w.must(err)
	w.stamps[int64(len(w.leaves))] = token
}

// all are the three witnesses.
var all = []int{0, 1, 2}

// drawable is a log of so many entries with an order, under a witnessed checkpoint, and another one that is stamped. The order's place is returned.
func drawable(t testing.TB, n, wanted int, p Population, change func(*Order)) (*world, int64) {
	t.Helper()
	w := newWorld(t)
	w.fill(n)
	place := w.order(p, wanted, change)
	w.keep(all...)
	w.fill(3)
	w.stamp(w.keep(all...), w.authority)
	return w, place
}

// export is an export of everything, whose checkpoint is cosigned.
func (w *world) export() fs.FS {
	w.t.Helper()
	files := map[string][]byte{
		format.RequestName: format.Request{Form: format.FormJSON}.Text(), format.CheckpointName: w.signed(all...), format.ReadmeName: []byte("a made-up journal"), format.PolicyName: []byte(w.policy),
		format.FormJSON.Name(0): bytes.Join(w.lines, nil), fmt.Sprintf(format.CheckpointsName, 0): append(bytes.Join(w.kept, []byte("\n")), '\n'),
	}
	var hashes, tile []byte
	for i, leaf := range w.leaves {
		hashes = append(hashes, leaf[:]...)
		if (i+1)%format.TileWidth == 0 {
			root := rootOf(w.leaves[i+1-format.TileWidth : i+1])
			tile = append(tile, root[:]...)
		}
	}
	files[fmt.Sprintf(format.HashesName, 0)] = hashes
	if n := len(tile) / 32; n > 0 {
		files[format.TilePath{Level: 1, Width: n}.String()] = tile
	}
	for size, token := range w.stamps {
		files[format.TimestampName(size)] = token
	}
	var list []byte
	out := fstest.MapFS{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list = format.AppendSum(list, sha256.Sum256(files[name]), name)
		out[name] = &fstest.MapFile{Data: files[name], Mode: 0o600}
	}
	out[format.SumsName] = &fstest.MapFile{Data: list, Mode: 0o600}
	return out
}

// roots are the authorities that are believed.
func (w *world) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range w.trust.Authorities {
		pool.AddCert(c)
	}
	return pool
}

// recompute verifies an export, and draws the sample of an order again.
func (w *world) recompute(place int64, share Share) (Drawn, error) {
	w.t.Helper()
	return w.recomputeWith(w.trust, place, share)
}

func (w *world) recomputeWith(t Trust, place int64, share Share) (Drawn, error) {
	w.t.Helper()
	export := w.export()
	_, err := verify.Log(w.t.Context(), verify.Options{Policy: w.trust.Policy, Export: export, Authority: w.roots()})
	w.must(err)
	r, err := verify.NewReader(export, w.trust.Policy)
	w.must(err)
	defer r.Close()
	return Recompute(context.WithoutCancel(w.t.Context()), r, t, place, share)
}

// say adds the entry of what was drawn, as it follows, or changed.
func (w *world) say(place int64, share Share, change func(*Stated)) {
	w.t.Helper()
	d, err := w.recompute(place, share)
	w.must(err)
	s := d.Stated
	s.Places = slices.Clone(s.Places)
	if change != nil {
		change(&s)
	}
	w.event(ActionDrawn, s)
}
