package bench

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mandat/internal/certs"
	"mandat/internal/cluster"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
	"mandat/internal/keyring"
)

// shipped are the settings of PostgreSQL that `mandat demo` and the operations guide give: the cluster's own, and these
// buffers. The machine's disk is asked to keep every commit.
func shipped(o *cluster.Options) { o.SharedBuffers = "256MB" }

// build makes the programs that are measured from outside and returns their folder.
func build(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	for name, from := range map[string]string{"mandat": "mandat/cmd/mandat", "mandat-verify": "mandat/cmd/mandat-verify", "rival": "./testdata/rival", "empty": "./testdata/empty"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), from).CombinedOutput(); err != nil {
			b.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return dir
}

// program is a server in a process of its own.
type program struct {
	url   string
	pid   int
	ready time.Duration // from the start of the process to the first good answer
	stop  func()
}

// start runs a program until the benchmark ends, and waits until it is ready.
func start(b *testing.B, url string, env []string, name string, args ...string) *program {
	b.Helper()
	c := exec.Command(name, args...)
	c.Env = env // its log goes nowhere
	begin := time.Now()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	})
	b.Cleanup(stop)
	for time.Since(begin) < 20*time.Second {
		if resp, err := http.Get(url + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return &program{url: url, pid: c.Process.Pid, ready: time.Since(begin), stop: stop}
			}
		}
		time.Sleep(time.Millisecond)
	}
	b.Fatalf("%s is not ready after 20 s", name)
	return nil
}

func freePort(b *testing.B) int {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// place is a database with people in it, and the settings of a server on it.
type place struct {
	*fixture.World
	url  string
	env  []string
	keys *keyring.Keyring
	bin  string // folder of the programs
}

const (
	origin       = "bench.exemple.invalid/journal"
	clientID     = "franceconnect"
	clientSecret = "client-secret-of-a-benchmark-0123456789"
	callback     = "https://franceconnect.exemple.invalid/retour"
)

func newPlace(b *testing.B, tune ...func(*cluster.Options)) *place {
	b.Helper()
	return placeOn(b, dbtest.NewDurable(b, append(tune, shipped)...), func(*keyring.Keyring, string) {})
}

// placeOn makes a place of a database, of which something may be made beforehand with its keys and the folder of what its server remembers.
func placeOn(b *testing.B, d *dbtest.Database, before func(keys *keyring.Keyring, state string)) *place {
	b.Helper()
	dir := b.TempDir()
	keys := makeKeys(b, filepath.Join(dir, "keys"))
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		b.Fatal(err)
	}
	before(keys, filepath.Join(dir, "state"))
	p := &place{World: fixture.On(b, d), bin: build(b), keys: keys}
	p.Keys = p.keys.Envelope
	p.Open(p.DB)
	clients, err := json.Marshal([]map[string]any{{"client_id": clientID, "client_name": "FranceConnect", "kind": "franceconnect", "client_secret": clientSecret, "token_endpoint_auth_method": "client_secret_post",
		"userinfo_signed_response_alg": "ES256", "redirect_uris": []string{callback}}})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "clients.json"), clients, 0o600); err != nil {
		b.Fatal(err)
	}
	port := freePort(b)
	p.url = fmt.Sprintf("http://localhost:%d", port)
	p.env = []string{"BASE_URL=" + p.url, fmt.Sprintf("LISTEN=127.0.0.1:%d", port), "METRICS_LISTEN=off", "DATABASE_URL=" + p.App, "DATABASE_URL_AUDITOR=" + p.Auditor,
		"KEYS_DIR=" + filepath.Join(dir, "keys"), "KEY_ENCRYPTION_KEY_FILE=" + filepath.Join(dir, "kek"), "STATE_DIR=" + filepath.Join(dir, "state"), "JOURNAL_ORIGIN=" + origin, "IDP_CLIENTS_FILE=" + filepath.Join(dir, "clients.json"),
		"PROCONNECT_ISSUER=http://127.0.0.3:9/api/v2", "PROCONNECT_CLIENT_ID=mandat", "PROCONNECT_CLIENT_SECRET=secret",
		"FRANCECONNECT_ISSUER=http://127.0.0.2:9/api/v2", "FRANCECONNECT_CLIENT_ID=mandat", "FRANCECONNECT_CLIENT_SECRET=secret",
		"CONTACT_PHONE=+33 1 99 00 00 00", "CONTACT_EMAIL=mandats@exemple.invalid", "CONTACT_ADDRESS=1 rue de l’Exemple, 75000 Paris"}
	return p
}

func makeKeys(b *testing.B, dir string) *keyring.Keyring {
	b.Helper()
	kek, _, err := keyring.FindKEK(filepath.Join(filepath.Dir(dir), "kek"), dir)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := keyring.Generate(dir, origin, kek); err != nil {
		b.Fatal(err)
	}
	authority, err := certs.NewAuthority(time.Now())
	if err != nil {
		b.Fatal(err)
	}
	seal, err := certs.NewSeal(authority, "Mandat, mesures", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	if err := seal.Save(dir, "seal"); err != nil {
		b.Fatal(err)
	}
	if _, err := keyring.Encrypt(dir, kek); err != nil {
		b.Fatal(err)
	}
	ring, err := keyring.Load(dir, kek)
	if err != nil {
		b.Fatal(err)
	}
	return ring
}

// serve runs `mandat serve`: the whole program, with the integrator, the jobs and the log.
func (p *place) serve(b *testing.B) *program {
	b.Helper()
	return start(b, p.url, p.env, filepath.Join(p.bin, "mandat"), "serve")
}

// rival runs the rival's server on a database of its own in the same PostgreSQL.
func (p *place) rival(b *testing.B) *program {
	b.Helper()
	if _, err := p.Connect(b, database(b, p.Superuser, "postgres")).Exec(b.Context(), `create database rival`); err != nil {
		b.Fatal(err)
	}
	address := database(b, p.Superuser, "rival")
	if _, err := p.Connect(b, address).Exec(b.Context(), `create table rival (id bigint generated always as identity primary key, body text not null)`); err != nil {
		b.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", freePort(b))
	return start(b, "http://"+listen, nil, filepath.Join(p.bin, "rival"), "serve", listen, address)
}

// status reads a size from what the system tells of a process, in MiB: VmRSS is what it has in use, VmHWM the most it had.
func status(pid int, name string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kib float64
		if _, err := fmt.Sscanf(line, name+": %f kB", &kib); err == nil {
			return kib / 1024, nil
		}
	}
	return 0, fmt.Errorf("no %s", name)
}

func resident(b *testing.B, pid int) float64 {
	b.Helper()
	mib, err := status(pid, "VmRSS")
	if err != nil {
		b.Fatal(err)
	}
	return mib
}
