package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/jackc/pgx/v5"
)

// ErrInUse is what Start answers when the folder is served already, by this program or another.
var ErrInUse = errors.New("a PostgreSQL runs in this folder already: stop that program, or choose another folder")

// Cluster is a private PostgreSQL that is running, or was killed and can be restarted.
type Cluster struct {
	options  Options
	binaries binaries
	place    place
	who      identity
	settings []string
	lock     *os.File

	mu      sync.Mutex
	process *process // nil while nothing runs
}

// Start creates the cluster if its folder is new, starts it and returns when it answers. The context bounds the
// start, not the life of the cluster.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c, err := prepare(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := c.launch(ctx); err != nil {
		c.release()
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return c, nil
}

// prepare does everything but run the server: the user, the folder, its lock, the binaries, the data.
func prepare(ctx context.Context, o Options) (*Cluster, error) {
	who, err := servantFor(o.Dir)
	if err != nil {
		return nil, err
	}
	p, err := settle(o, who)
	if err != nil {
		return nil, err
	}
	c := &Cluster{options: o, place: p, who: who}
	if c.lock, err = lockFile(p.lock); err != nil {
		return nil, fmt.Errorf("%s: %w", p.dir, err)
	}
	if err := c.prepareData(ctx); err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) prepareData(ctx context.Context) error {
	if err := awaitOrphan(ctx, c.place, c.options.progress()); err != nil {
		return err
	}
	major, err := writtenBy(c.place.data)
	if err != nil {
		return err
	}
	if c.binaries, err = find(ctx, c.options, c.who, major); err != nil {
		return err
	}
	if major == 0 {
		if err := c.initialise(); err != nil {
			return err
		}
	}
	c.settings = c.options.settings(c.place.socket, c.knowsLZ4())
	return nil
}

// launch starts the postmaster and waits until it answers.
func (c *Cluster) launch(ctx context.Context) error {
	logStart := size(c.place.log)
	s, err := spawn(c.binaries, c.place, c.who, c.settings, c.place.throwaway)
	if err != nil {
		return err
	}
	if err := c.await(ctx, s); err != nil {
		_ = s.stop(true)
		return fmt.Errorf("%w\n%s", err, tail(c.place.log, logStart))
	}
	c.process = s
	return nil
}

// DSN is the address of a database of the cluster for a user, in the form of a URL that pgx, psql and pgbench
// understand. No password: whoever can open the socket is trusted.
func (c *Cluster) DSN(user, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(user),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {c.place.socket}, "port": {port}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

// Stop ends the cluster: with a fast shutdown that keeps everything, or, when it is a throw-away one, at once and
// with its folder removed. Stopping twice is allowed.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		c.release()
		return nil
	}
	err := c.process.stop(c.place.throwaway)
	c.process = nil
	c.release()
	if err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

// Kill ends every process of the cluster with SIGKILL, for tests of what survives a crash. The cluster stays
// reserved for this program: Restart brings it back, Stop lets it go.
func (c *Cluster) Kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil {
		c.process.kill()
		c.process = nil
	}
}

// Restart starts the cluster again after Kill, or stops it cleanly and starts it again when it runs. Addresses stay
// the same.
func (c *Cluster) Restart(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil {
		err := c.process.stop(false)
		c.process = nil
		if err != nil {
			return fmt.Errorf("restart PostgreSQL: %w", err)
		}
	}
	if err := c.launch(ctx); err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	return nil
}

// release gives the folder back: the lock is dropped and a throw-away folder removed.
func (c *Cluster) release() {
	if c.lock == nil {
		return
	}
	_ = os.Remove(c.place.socket) // empty by now
	if c.place.throwaway {
		_ = os.RemoveAll(c.place.dir)
	}
	unlockFile(c.lock)
	c.lock = nil
}

// Bin is the folder of the PostgreSQL programs in use. The package from npm has no psql, pgbench or pg_dump.
func (c *Cluster) Bin() string { return c.binaries.dir }

// Major is the major version of the PostgreSQL in use, such as 15.
func (c *Cluster) Major() int { return c.binaries.major }

// Dir is the folder where the cluster really lives; see settle for when it is not the wanted one.
func (c *Cluster) Dir() string { return c.place.dir }

// connect opens one connection as superuser.
func (c *Cluster) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, c.DSN(Superuser, "postgres"))
}
