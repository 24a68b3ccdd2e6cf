package mutate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say what to run.
type Options struct {
	Root     string         // of the module
	Package  string         // its folder within the module, as internal/idp
	Keep     string         // a folder for what was found, so that a run that was ended goes on
	Parallel int            // programs at once
	Only     *regexp.Regexp // of the names of mutants; nil: all
	Say      func(string)   // is told how it goes on
}

// Outcome is what became of a mutant.
type Outcome string

// The outcomes. A mutant that no test comes by was not run.
const (
	Killed   Outcome = "killed"
	Survived Outcome = "survived"
	Unseen   Outcome = "unseen"
)

// Result is a mutant with what became of it.
type Result struct {
	Mutant
	Outcome Outcome
	By      string // the first test that failed, "" when the program ended otherwise or was ended for being late
}

// Neighbours are noticed by the same tests: the last ones that noticed a mutant are asked first, then some more, and only then all.
const (
	killersAtFirst = 2
	killersThen    = 8
)

type runner struct {
	Options
	*program
	limit time.Duration

	mu      sync.Mutex
	killers []string // the last ones, newest last
	found   map[string]Result
	done    int
}

// Run builds a package with its mutants and runs its tests against each. The results are in the order of the source.
func Run(ctx context.Context, o Options) ([]Result, error) {
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, fmt.Errorf("mutate: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	built, err := build(ctx, o.Root, o.Package, work)
	if err != nil {
		return nil, err
	}
	r := &runner{Options: o, program: built, found: map[string]Result{}}
	if o.Only != nil {
		r.mutants = slices.DeleteFunc(slices.Clone(r.mutants), func(m Mutant) bool { return !o.Only.MatchString(m.Name()) })
	}
	if err := r.remember(); err != nil {
		return nil, err
	}
	if err := r.first(ctx, filepath.Join(work, "seen")); err != nil {
		return nil, err
	}
	if err := r.all(ctx); err != nil {
		return nil, err
	}
	var out []Result
	for _, m := range r.mutants {
		was := r.found[m.Name()]
		was.Mutant = m
		out = append(out, was)
	}
	return out, nil
}

// first runs the tests with every mutant asleep: they have to pass, and show how long they take and where they come by.
func (r *runner) first(ctx context.Context, seen string) error {
	if !slices.ContainsFunc(r.mutants, func(m Mutant) bool { return r.found[m.Name()].Outcome == "" }) {
		return nil
	}
	began := time.Now()
	if out, err := r.test(ctx, 0, time.Hour, "", "MANDAT_MUTANTS_SEEN="+seen); err != nil {
		return fmt.Errorf("mutate %s: its tests fail without any change: %w\n%s", r.Package, err, tail(out))
	}
	took := time.Since(began)
	r.limit = 3*took + 20*time.Second
	r.Say(fmt.Sprintf("%s: %d mutants, its tests take %s", r.Package, len(r.mutants), took.Round(time.Second)))
	text, err := os.ReadFile(seen)
	if err != nil {
		return fmt.Errorf("mutate: %w", err)
	}
	numbers := map[string]bool{}
	for n := range strings.FieldsSeq(string(text)) {
		numbers[n] = true
	}
	for _, m := range r.mutants {
		if !m.SQL && !numbers[strconv.Itoa(m.Number)] {
			r.note(Result{Mutant: m, Outcome: Unseen})
		}
	}
	return nil
}

// all runs what is not known yet.
func (r *runner) all(ctx context.Context) error {
	queue := make(chan Mutant)
	errs := make(chan error, r.Parallel)
	var group sync.WaitGroup
	for range r.Parallel {
		group.Go(func() {
			for m := range queue {
				result, err := r.one(ctx, m)
				if err != nil {
					errs <- err
					return
				}
				r.note(result)
			}
		})
	}
	var failed error
	for _, m := range r.mutants {
		r.mu.Lock()
		known := r.found[m.Name()].Outcome != ""
		r.mu.Unlock()
		if known || failed != nil {
			continue
		}
		select {
		case queue <- m:
		case failed = <-errs:
		}
	}
	close(queue)
	group.Wait()
	close(errs)
	if failed == nil {
		failed = <-errs
	}
	return failed
}

// one wakes a mutant: first the newest of the tests that noticed others, then those of its file, then the older ones, then all that are left.
func (r *runner) one(ctx context.Context, m Mutant) (Result, error) {
	r.mu.Lock()
	killers := slices.Clone(r.killers)
	r.mu.Unlock()
	own, err := r.testsOf(m.File)
	if err != nil {
		return Result{}, err
	}
	newest := max(0, len(killers)-killersAtFirst)
	var asked []string
	for turn, tests := range [][]string{killers[newest:], own, killers[:newest], nil} {
		tests = slices.DeleteFunc(tests, func(test string) bool { return slices.Contains(asked, test) })
		which := "-test.run=" + anyOf(tests)
		switch {
		case turn == 3:
			which = "-test.skip=" + anyOf(asked)
		case len(tests) == 0:
			continue
		}
		asked = append(asked, tests...)
		out, err := r.test(ctx, m.Number, r.limit, which)
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		if err != nil {
			by := failure(out)
			r.learn(by)
			return Result{m, Killed, by}, nil
		}
	}
	return Result{m, Survived, ""}, nil
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// testsOf returns the tests that stand beside a file: those of token.go in token_test.go.
func (r *runner) testsOf(file string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(r.folder, strings.TrimSuffix(file, ".go")+"_test.go"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("mutate: %w", err)
	}
	var out []string
	for _, found := range testFunc.FindAllSubmatch(text, -1) {
		out = append(out, string(found[1]))
	}
	return out, nil
}

// anyOf is an expression for tests by their names; of none it fits no test.
func anyOf(tests []string) string { return "^(" + strings.Join(tests, "|") + ")$" }

func (r *runner) learn(test string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if test == "" {
		return
	}
	r.killers = append(slices.DeleteFunc(r.killers, func(k string) bool { return k == test }), test)
	if len(r.killers) > killersThen {
		r.killers = r.killers[1:]
	}
}

var failed = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// failure is the first test that a program names as failed.
func failure(out []byte) string {
	if at := failed.FindSubmatch(out); at != nil {
		return string(at[1])
	}
	return ""
}

// test runs the program with a mutant awake, and of its tests all or those that a flag says.
func (r *runner) test(ctx context.Context, awake int, limit time.Duration, which string, env ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := []string{"-test.failfast", "-test.short", "-test.timeout=" + limit.String()}
	if which != "" {
		args = append(args, which)
	}
	c := exec.CommandContext(ctx, r.binary, args...) //nolint:gosec // the program that build made
	c.Dir, c.Env = r.folder, append(os.Environ(), append(env, "MANDAT_MUTANT="+strconv.Itoa(awake))...)
	c.WaitDelay = 10 * time.Second
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.Bytes(), err
}

func tail(out []byte) []byte { return out[max(0, len(out)-2000):] }

// The file of what was found has the package's version in its first line, then one mutant a line.
func (r *runner) file() string {
	return filepath.Join(r.Keep, strings.ReplaceAll(r.Package, "/", "-")+".txt")
}

// remember reads what an earlier run found for the same sources, and begins a file for this one.
func (r *runner) remember() error {
	if err := os.MkdirAll(r.Keep, 0o750); err != nil {
		return fmt.Errorf("mutate: %w", err)
	}
	text, err := os.ReadFile(r.file())
	lines := strings.Split(string(text), "\n")
	if err != nil || lines[0] != r.version {
		return os.WriteFile(r.file(), []byte(r.version+"\n"), 0o600)
	}
	for _, line := range lines[1:] {
		if part := strings.SplitN(line, "\t", 3); len(part) == 3 {
			r.found[part[2]] = Result{Outcome: Outcome(part[0]), By: part[1]}
			r.learn(part[1])
		}
	}
	return nil
}

// note keeps a result and says it.
func (r *runner) note(result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found[result.Name()] = result
	r.done++
	file, err := os.OpenFile(r.file(), os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(file, "%s\t%s\t%s\n", result.Outcome, result.By, result.Name())
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		r.Say(fmt.Sprintf("not kept: %v", err))
	}
	if result.Outcome != Killed {
		r.Say(fmt.Sprintf("%s/%s:%d: %s: %s", r.Package, result.File, result.Line, result.Outcome, result.Name()))
	}
}
