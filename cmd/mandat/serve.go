package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"mandat/internal/app"
	"mandat/internal/config"
	"mandat/internal/db"
)

type serve struct{}

// garbage is how much may be collected at a time, in percent of what is in use. That is a few MiB, so that Go's own 100 %
// would have the collector run dozens of times a second under load, for an eighth of the server's time.
const garbage = 400

// Run serves until the program is told to stop or a part of it fails for good.
func (serve) Run(ctx context.Context) error {
	c, err := config.Load(os.Environ())
	if err != nil {
		return err
	}
	a, err := app.New(ctx, c, app.Options{})
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop())
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	debug.FreeOSMemory() // the ten MiB and more that only starting needed
	err = a.Wait(ctx)
	if errors.Is(err, app.ErrStopped) {
		err = nil
	}
	return errors.Join(err, a.Stop())
}

type migrate struct {
	URL string `env:"DATABASE_URL_OWNER" required:"" help:"Connection string of the login mandat_owner."`
}

// Run applies what is missing and says what it was.
func (m migrate) Run(ctx context.Context) error {
	applied, err := db.Migrate(ctx, m.URL)
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Println("nothing to apply: the database is up to date")
	}
	return err
}
