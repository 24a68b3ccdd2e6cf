package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"mandat/internal/journal/checker"
	"mandat/internal/journal/inspection"
)

type inspectCmd struct {
	checker.Trust
	auditors
}

// Run does what the servers do every night, and prints what came of it.
func (i inspectCmd) Run(ctx context.Context) error {
	policy, err := os.ReadFile(i.Policy)
	if err != nil {
		return err
	}
	auditor, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer auditor.Close()
	o, err := inspection.Run(ctx, auditor, string(policy), time.Now())
	if err != nil {
		return err
	}
	if o.Fault != "" {
		return errors.New(o.Fault)
	}
	fmt.Printf("whole: %s entries, %s of them forgotten, and %s kept checkpoints lead to the latest, checked in %v\n", checker.Grouped(o.Size), checker.Grouped(o.Forgotten), checker.Grouped(o.Checkpoints), o.Took.Round(time.Millisecond))
	return nil
}
