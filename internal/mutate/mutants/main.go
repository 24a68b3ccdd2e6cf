// Command mutants turns over the conditions of the packages of internal that it is given, and lists what no test notices:
// `make mutate` runs it, for those of the identity provider. What internal/mutate/explained.txt gives a reason for is not
// listed. Its status is 1 when something is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"

	"mandat/internal/cluster"
	"mandat/internal/mutate"
)

func main() {
	only := flag.String("run", "", "only mutants whose name (file function: condition) matches this expression")
	parallel := flag.Int("p", 2, "programs at once")
	keep := flag.String("keep", ".data/mutate", "folder for what was found; a run that was ended goes on from it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	stopDatabase, err := startDatabase(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2) //nolint:gocritic // nothing is left to stop
	}
	left, err := run(ctx, flag.Args(), *only, *parallel, *keep)
	stopDatabase()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2) //nolint:gocritic // nothing is left to stop
	}
	if left > 0 {
		os.Exit(1)
	}
}

// startDatabase starts the PostgreSQL that all programs share, unless there is one for tests: making one takes longer than most mutants live.
func startDatabase(ctx context.Context) (stop func(), err error) {
	if os.Getenv("DATABASE_URL_TEST") != "" {
		return func() {}, nil
	}
	c, err := cluster.Start(ctx, cluster.Options{Cache: ".data/cache", Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	stop = func() {
		if err := c.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return stop, os.Setenv("DATABASE_URL_TEST", c.DSN(cluster.Superuser, "postgres"))
}

// run returns how many mutants survive without a reason.
func run(ctx context.Context, packages []string, only string, parallel int, keep string) (int, error) {
	root, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	if keep, err = filepath.Abs(keep); err != nil {
		return 0, err
	}
	if len(packages) == 0 {
		return 0, errors.New("which packages?")
	}
	file, err := os.Open(filepath.Join(root, "internal/mutate/explained.txt"))
	if err != nil {
		return 0, err
	}
	explained, err := mutate.ReadExplained(file)
	if err != nil {
		return 0, err
	}
	o := mutate.Options{Root: root, Keep: keep, Parallel: max(1, parallel), Say: func(s string) { fmt.Println(s) }}
	if only != "" {
		if o.Only, err = regexp.Compile(only); err != nil {
			return 0, err
		}
	}
	left := 0
	for _, name := range packages {
		o.Package = filepath.Join("internal", name)
		results, err := mutate.Run(ctx, o)
		if err != nil {
			return left, err
		}
		left += report(name, results, explained, only == "")
	}
	return left, nil
}

// report prints what survives without a reason, and reasons for what does not survive.
func report(name string, results []mutate.Result, explained map[string]string, whole bool) int {
	count := map[mutate.Outcome]int{}
	left, known := 0, map[string]bool{}
	for _, r := range results {
		full := name + " " + r.Name()
		count[r.Outcome]++
		if r.Outcome == mutate.Killed {
			continue
		}
		known[full] = true
		if explained[full] == "" {
			left++
			fmt.Printf("internal/%s/%s:%d: %s: %s\n", name, r.File, r.Line, r.Outcome, full)
		}
	}
	for mutant := range explained {
		if whole && !known[mutant] && len(mutant) > len(name) && mutant[:len(name)+1] == name+" " {
			fmt.Printf("explained, but does not survive any more: %s\n", mutant)
			left++
		}
	}
	fmt.Printf("%s: %d conditions, %d noticed, %d not, %d where no test comes by; %d without a reason\n", name, len(results), count[mutate.Killed],
		count[mutate.Survived], count[mutate.Unseen], left)
	return left
}
