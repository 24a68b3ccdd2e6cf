package app

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

type health struct{ started atomic.Bool }

// ready reports whether this server should get requests: it is started, and the database answers.
func (a *App) ready(ctx context.Context) error {
	if !a.health.started.Load() {
		return errors.New("starting or stopping")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := a.db.Ping(ctx); err != nil {
		return errors.New("the database does not answer")
	}
	return nil
}
