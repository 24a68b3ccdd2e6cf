package witness_test

import (
	"bufio"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mandat/internal/journal/tree/treetest"
	"mandat/internal/journal/verify"
	"mandat/internal/journal/witness"
)

// childDir and childPolicy tell the test program that it is a witness to be killed.
const (
	childDir    = "MANDAT_TEST_WITNESS"
	childPolicy = "MANDAT_TEST_WITNESS_POLICY"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		serve(dir, os.Getenv(childPolicy))
		return
	}
	os.Exit(m.Run())
}

// serve is the child: it says where it listens, and serves until it is killed.
func serve(dir, text string) {
	policy, err := verify.ParsePolicy([]byte(text))
	if err != nil {
		panic(err)
	}
	w, err := witness.Open(witness.Options{Dir: dir, Logs: policy.Keys(), Log: quiet()})
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for as long as the process lives
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString("http://" + l.Addr().String() + "\n")
	panic(http.Serve(l, w.Handler()))
}

// A witness that is killed at any moment never cosigns, afterwards, what contradicts a cosignature that somebody got before: two branches of a
// log are shown to it in turns, and only one of them ever has a cosignature.
func TestWitness_KilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	j := &journal{signer: treetest.Signer(t, testOrigin)}
	p := newPlace(t, j.signer)
	p.open.Close()
	other := j.branch()
	j.grow(t, 400, "a")
	other.grow(t, 400, "b")
	held := map[*journal]int64{} // the largest that was cosigned
	answered := 0
	random := rand.New(rand.NewPCG(7, 7))
	for round := range 25 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childDir+"="+p.dir, childPolicy+"="+j.signer.Policy(""))
		out, err := child.StdoutPipe()
		must(t, err)
		must(t, child.Start())
		address, err := bufio.NewReader(out).ReadString('\n')
		must(t, err)
		p.url = strings.TrimSpace(address)
		killed := make(chan struct{})
		time.AfterFunc(time.Duration(random.IntN(30_000))*time.Microsecond, func() { _ = child.Process.Kill(); close(killed) })
		for alive := true; alive; {
			for _, b := range []*journal{j, other} {
				size := min(400, 1+held[j]+held[other]+random.Int64N(5))
				var line string
				line, alive = p.submit(t, b, held[b], size)
				if line == "" {
					continue
				}
				if !p.cosigned(t, j.signer, b.signed(t, size), line) {
					t.Fatalf("round %d: not a cosignature: %s", round, line)
				}
				held[b] = max(held[b], size)
				answered++
			}
		}
		<-killed
		_ = child.Wait()
	}
	if held[j] > 0 && held[other] > 0 {
		t.Errorf("both branches were cosigned: %d and %d entries", held[j], held[other])
	}
	if left, err := os.ReadDir(filepath.Join(p.dir, "logs")); err != nil || len(left) > 2 { // the log's, and one that is not in its place
		t.Errorf("%d files are left (%v)", len(left), err)
	}
	if answered == 0 {
		t.Error("nothing was ever cosigned")
	}
}

// submit shows a tree, from the size that the witness is thought to hold; when it names another one, from there. alive is false when the witness is gone.
func (p *place) submit(t *testing.T, b *journal, old, size int64) (line string, alive bool) {
	t.Helper()
	for range 2 {
		resp, err := http.Post(p.url+"/add-checkpoint", "text/plain", strings.NewReader(b.request(t, min(old, size), size))) //nolint:noctx // in a test
		if err != nil {
			return "", false
		}
		text, err := bufio.NewReader(resp.Body).ReadString('\n')
		_ = resp.Body.Close()
		if err != nil {
			return "", false
		}
		switch resp.StatusCode {
		case http.StatusOK:
			return text, true
		case http.StatusConflict:
			n := int64(0)
			for _, d := range strings.TrimSpace(text) {
				n = n*10 + int64(d-'0')
			}
			if n > size {
				return "", true
			}
			old = n
		default:
			return "", true
		}
	}
	return "", true
}
