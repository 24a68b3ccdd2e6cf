// Package jobs runs what nobody waits for: purges, the daily comparison, mails. It runs on River, whose queue is
// tables in our database: no broker, any number of servers, and each job is done by one of them.
//
//	jobs.go     what is done again and again (Periodic), and the Runner of everything
//	enqueue.go  what an act asks for (Kind): Enqueue adds a row in the act's own transaction
//	board.go    what failed, for administrators
//
// River polls. It never notifies: a NOTIFY takes one lock for the whole cluster at commit, and would halve the rate of
// acts. It writes outside our transactions, so it has a small pool of its own that is not read-only.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// Periodic is a job that is done again and again, by one server of all: when the time since midnight (UTC) is a whole number of Every, and at the start of a server that finds
// it has not been done since.
type Periodic struct {
	Name  string // letters, digits and hyphens
	Every time.Duration
	Run   func(context.Context) error
}

// args is what a row of the queue says: only which job.
type args struct {
	Name string `json:"name"`
}

// Kind names our rows among River's.
func (args) Kind() string { return "periodic" }

type worker struct {
	river.WorkerDefaults[args]
	jobs map[string]Periodic
}

// Work runs one job.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	p, ok := w.jobs[job.Args.Name]
	if !ok {
		return river.JobCancel(fmt.Errorf("no job is called %q", job.Args.Name))
	}
	return p.Run(ctx)
}

// Timeout is for the longest job, the comparison of everything.
func (w *worker) Timeout(*river.Job[args]) time.Duration { return 30 * time.Minute }

// Runner does jobs until it is stopped.
type Runner struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// Start begins to do the jobs on the database at url (login mandat_app): those that come round, and those that acts ask for.
func Start(ctx context.Context, url string, log *slog.Logger, jobs []Periodic, kinds ...Kind) (*Runner, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("jobs: not a valid connection string") // the parser's error may quote a password
	}
	cfg.MaxConns = 3
	cfg.ConnConfig.RuntimeParams["application_name"] = "mandat jobs"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(pool), config(log, jobs, kinds))
	if err == nil {
		err = client.Start(ctx)
	}
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return &Runner{pool: pool, client: client}, nil
}

// pollEvery is how long a job of an act waits at the most while a server has nothing else to do.
const pollEvery = time.Second

// callers is how many calls outside wait for their answer at once, in one server.
const callers = 16

// shown is how long a job that was given up stays on the Board.
const shown = 7 * 24 * time.Hour

func config(log *slog.Logger, jobs []Periodic, kinds []Kind) *river.Config {
	w := &worker{jobs: map[string]Periodic{}}
	c := &river.Config{Logger: slog.New(quiet{log.Handler()}), PollOnly: true, FetchPollInterval: pollEvery, Workers: river.NewWorkers(),
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2, FetchPollInterval: 5 * time.Second}, queue: {MaxWorkers: 4}, queueCalls: {MaxWorkers: callers}}, ErrorHandler: reporter{log},
		CancelledJobRetentionPeriod: shown, DiscardedJobRetentionPeriod: shown}
	for _, p := range jobs {
		w.jobs[p.Name] = p
		c.PeriodicJobs = append(c.PeriodicJobs, river.NewPeriodicJob(rounds(p.Every), func() (river.JobArgs, *river.InsertOpts) {
			return args{p.Name}, &river.InsertOpts{MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: p.Every}}
		}, &river.PeriodicJobOpts{ID: p.Name, RunOnStart: true}))
	}
	river.AddWorker(c.Workers, w)
	river.AddWorker(c.Workers, newActWorker(kinds, reporter{log}))
	return c
}

// rounds is a schedule that keeps to the clock: one that counted from when a server began to lead would come up to twice as late when servers change, and the nightly jobs at the
// busiest hour after a morning's update.
type rounds time.Duration

// Next is the beginning of the next round (river.PeriodicSchedule).
func (r rounds) Next(now time.Time) time.Time {
	return now.Truncate(time.Duration(r)).Add(time.Duration(r))
}

// Stop waits for jobs under way until ctx ends, then cancels them.
func (r *Runner) Stop(ctx context.Context) error {
	defer r.pool.Close()
	if err := r.client.Stop(ctx); err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		return errors.Join(err, r.client.StopAndCancel(hard))
	}
	return nil
}

// reporter logs failures once, by the job's name.
type reporter struct{ log *slog.Logger }

// HandleError logs a job that failed; River tries it again.
func (r reporter) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	r.log.ErrorContext(ctx, "job failed", "job", string(job.EncodedArgs), "attempt", job.Attempt, "error", err)
	return nil
}

// HandlePanic logs a job that panicked.
func (r reporter) HandlePanic(ctx context.Context, job *rivertype.JobRow, _ any, trace string) *river.ErrorHandlerResult {
	r.log.ErrorContext(ctx, "job panicked", "job", string(job.EncodedArgs), "attempt", job.Attempt, "stack", trace)
	return nil
}

// quiet lets through only what River thinks wrong.
type quiet struct{ slog.Handler }

// Enabled reports whether the level is at least a warning.
func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}
