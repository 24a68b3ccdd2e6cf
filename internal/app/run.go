package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"mandat/internal/jobs"
)

// Start listens, integrates the journal and does jobs, until Stop. What fails for good later is told by Wait.
func (a *App) Start(ctx context.Context) error {
	if err := a.openLog(ctx); err != nil {
		return fmt.Errorf("the journal: %w", err)
	}
	if err := a.people.charter.Publish(ctx); err != nil {
		return err
	}
	if err := a.keeper().Begin(ctx); err != nil {
		return err
	}
	if err := a.ring.Open(ctx); err != nil {
		return err
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	go a.ring.Run(life, a.log)
	go func() {
		if err := a.integrator.Run(life); err != nil && life.Err() == nil {
			a.ended <- fmt.Errorf("the journal: %w", err)
		}
	}()
	if a.testimony != nil {
		go a.testimony.Run(life)
	}
	go a.follower.Run(life)
	if a.config.KeepAll {
		a.log.Warn("no job lets anything go: KEEP_ALL is set")
	}
	var err error
	if a.runner, err = jobs.Start(life, a.config.DatabaseURL, a.log, a.rounds(), a.acts()...); err != nil {
		return err
	}
	if err := a.listen(ctx, a.config.Listen, behindProxies(a.trusted, a.router.Start())); err != nil {
		return err
	}
	if a.config.MetricsListen != "off" {
		if err := a.listen(ctx, a.config.MetricsListen, a.metrics.handler()); err != nil {
			return err
		}
	}
	a.health.started.Store(true)
	a.log.Info("ready", "address", a.config.BaseURL, "listen", a.config.Listen)
	return nil
}

func (a *App) listen(ctx context.Context, address string, h http.Handler) error {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (is the port taken?)", address, err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: readHeader, ReadTimeout: 15 * time.Second, WriteTimeout: 5 * time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10}
	a.servers = append(a.servers, s)
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.ended <- fmt.Errorf("serve %s: %w", address, err)
		}
	}()
	return nil
}

// Stop lets requests under way finish, then ends everything. It may be called on a program that was never started.
func (a *App) Stop() error {
	a.health.started.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), a.config.StopTimeout)
	defer cancel()
	var out []error
	for _, s := range a.servers {
		if err := s.Shutdown(ctx); err != nil {
			out = append(out, fmt.Errorf("stop listening: %w", err), s.Close())
		}
	}
	if a.runner != nil {
		out = append(out, a.runner.Stop(ctx))
	}
	if a.stop != nil {
		a.stop()
	}
	a.closeStores()
	return errors.Join(out...)
}
