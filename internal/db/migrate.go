package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"mandat/migrations"
)

// Migrate applies the migrations that a database does not have yet, as its owner (mandat_owner), and returns the names
// of those it applied. Several programs may call it at once: an advisory lock lets one do the work.
func Migrate(ctx context.Context, ownerURL string) ([]string, error) {
	cfg, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return nil, errors.New("migrate: the owner's address is not a valid connection string") // the parser's error may quote a password
	}
	sqlDB := stdlib.OpenDB(*cfg)
	defer func() { _ = sqlDB.Close() }()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.Files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	var applied []string
	for _, r := range results {
		applied = append(applied, r.Source.Path)
	}
	if err := migrateQueue(ctx, ownerURL); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return applied, nil
}

// migrateQueue brings River's own tables up to date and lets the program work with them. River keeps account of its own
// migrations, in several transactions; the advisory lock keeps two programs apart.
func migrateQueue(ctx context.Context, ownerURL string) error {
	pool, err := pgxpool.New(ctx, ownerURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	lock, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer lock.Release()
	if _, err := lock.Exec(ctx, `select pg_advisory_lock(6290313043)`); err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	_, err = lock.Exec(ctx, `do $$ declare t text; begin
		for t in select tablename from pg_tables where schemaname = 'public' and tablename like 'river\_%' and tablename <> 'river_migration' loop
			execute format('grant select, insert, update, delete on %I to mandat_app', t);
		end loop;
		for t in select sequencename from pg_sequences where schemaname = 'public' and sequencename like 'river\_%' loop
			execute format('grant usage, select on sequence %I to mandat_app', t);
		end loop;
		grant select on river_migration to mandat_app;
		end $$`)
	return err // closing the pool gives the lock back
}
