package mishap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Step is a statement, or the end of a group of them, with all that its transaction said before.
type Step string

// Last is the step without what came before it.
func (s Step) Last() string {
	all := strings.Split(string(s), "\n")
	return all[len(all)-1]
}

// Proxy stands between a program and PostgreSQL.
type Proxy struct {
	// URL is the database's address by way of the proxy.
	URL string

	of func(sql string) bool // whether a connection on which this is said is of those that count

	mu    sync.Mutex
	seen  []Step
	known map[Step]bool
	trap  *Trap
}

// Trap waits for a step.
type Trap struct {
	// Sprung is closed when the connection stands still there. It stays so until Cut.
	Sprung chan struct{}

	step Step
	when When
	cut  chan struct{}
	once sync.Once
}

// Cut ends the connection that stands still: the program reads that it is gone.
func (t *Trap) Cut() { t.once.Do(func() { close(t.cut) }) }

// NewProxy listens until the test ends, for a database that is reached by a socket in a folder. Steps are noted of the connections
// on which something was said that fits.
func NewProxy(t testing.TB, database string, fits func(sql string) bool) *Proxy {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	port := q.Get("port")
	if port == "" {
		port = "5432"
	}
	dir, err := os.MkdirTemp("", "mandat-proxy-") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	name := ".s.PGSQL." + port
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "unix", filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{of: fits, known: map[Step]bool{}}
	socket := filepath.Join(q.Get("host"), name)
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	p.URL = u.String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(client, socket) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.Disarm()
		_ = os.RemoveAll(dir)
	})
	return p
}

// Steps are those that were seen so far, in the order in which they came first.
func (p *Proxy) Steps() []Step {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Step(nil), p.seen...)
}

// Arm sets a trap, in place of another.
func (p *Proxy) Arm(step Step, when When) *Trap {
	p.Disarm()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trap = &Trap{Sprung: make(chan struct{}), step: step, when: when, cut: make(chan struct{})}
	return p.trap
}

// Disarm takes the trap away, and cuts what stands still in it.
func (p *Proxy) Disarm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trap != nil {
		p.trap.Cut()
	}
	p.trap = nil
}

// note remembers a step, and returns the trap that waits for it. A trap holds one connection.
func (p *Proxy) note(s Step) *Trap {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known[s] {
		p.known[s], p.seen = true, append(p.seen, s)
	}
	t := p.trap
	if t == nil || t.step != s {
		return nil
	}
	select {
	case <-t.Sprung:
		return nil
	default:
		return t
	}
}

// line is one connection.
type line struct {
	p              *Proxy
	client, server net.Conn
	statements     map[string]string // prepared, by name
	portals        map[string]string // by name: what is executed
	said           []string          // since the transaction began
	over           bool              // the transaction is
	counts         bool

	mu      sync.Mutex
	sent    int // statements and ends of groups that PostgreSQL has to answer
	done    int // and has
	failed  bool
	held    bool
	changed *sync.Cond
}

func (p *Proxy) serve(client net.Conn, socket string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	l := &line{p: p, client: client, server: server, statements: map[string]string{}, portals: map[string]string{}}
	l.changed = sync.NewCond(&l.mu)
	go l.answers()
	if first, err := message(client, false); err != nil || send(server, first) != nil {
		return
	}
	for {
		m, err := message(client, true)
		if err != nil || !l.forward(m) {
			return
		}
	}
}

// message reads one: a byte for its type but for the first, its length, its content.
func message(r io.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4, 5)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[len(head)-4:])
	if size < 4 || size > 1<<30 {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	m := append(head, make([]byte, size-4)...)
	_, err := io.ReadFull(r, m[len(head):])
	return m, err
}

func send(w io.Writer, m []byte) error {
	_, err := w.Write(m)
	return err
}

// forward passes a message on, unless a trap is there.
func (l *line) forward(m []byte) bool {
	said := l.read(m)
	if said == "" {
		return send(l.server, m) == nil
	}
	if l.p.of(said) {
		l.counts = true
	}
	if strings.HasPrefix(said, "begin") || l.over && said != groupEnd {
		l.said = nil
	}
	if said != groupEnd {
		l.over = said == "commit" || said == "rollback"
	}
	all := append(l.said, strings.ReplaceAll(said, "\n", " "))
	if said != groupEnd { // groups end at other places when a statement is prepared first
		l.said = all
	}
	var trap *Trap
	if l.counts {
		trap = l.p.note(Step(strings.Join(all, "\n")))
	}
	if trap == nil {
		l.expect(false)
		return send(l.server, m) == nil
	}
	if trap.when == After {
		l.expect(true)
		if send(l.server, m) != nil || m[0] == 'E' && send(l.server, []byte{'H', 0, 0, 0, 4}) != nil {
			return false
		}
		l.await()
	}
	close(trap.Sprung)
	<-trap.cut
	return false
}

const groupEnd = "(the end of a group)"

// read tells what a message has PostgreSQL do: a statement, groupEnd; "" is nothing yet.
func (l *line) read(m []byte) string {
	text := func(b []byte) (string, []byte) {
		s, rest, _ := bytes.Cut(b, []byte{0})
		return string(s), rest
	}
	switch first, rest := text(m[5:]); m[0] {
	case 'P':
		l.statements[first], _ = text(rest)
	case 'B':
		name, _ := text(rest)
		l.portals[first] = l.statements[name]
	case 'E':
		return l.portals[first]
	case 'Q':
		return first
	case 'S':
		return groupEnd
	}
	return ""
}

// expect counts what has to be answered; hold keeps all further answers from the program.
func (l *line) expect(hold bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	l.held = l.held || hold
}

// await waits until everything sent is answered, or failed.
func (l *line) await() {
	l.mu.Lock()
	defer l.mu.Unlock()
	late := time.AfterFunc(5*time.Second, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.failed = true
		l.changed.Broadcast()
	})
	defer late.Stop()
	for l.done < l.sent && !l.failed {
		l.changed.Wait()
	}
}

// answers passes on what PostgreSQL says, unless it is held.
func (l *line) answers() {
	defer func() { _ = l.client.Close() }()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.failed = true
		l.changed.Broadcast()
	}()
	for {
		m, err := message(l.server, true)
		if err != nil {
			return
		}
		if !l.answered(m[0]) {
			continue
		}
		if send(l.client, m) != nil {
			return
		}
	}
}

// answered counts answers, and reports whether the program is to have this one.
func (l *line) answered(kind byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch kind {
	case 'C', 'I', 's':
		l.done++
	case 'Z':
		l.done = l.sent // a group ends with it, whatever was left out after an error
		l.failed = false
	case 'E':
		l.failed = true
	}
	l.changed.Broadcast()
	return !l.held
}
