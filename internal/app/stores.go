package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// checkStores refuses a start that would go wrong only later, or silently: addresses of the database that were exchanged,
// and no folder for what must be remembered.
func (a *App) checkStores(ctx context.Context) error {
	app, err := isLogin(ctx, a.db, "mandat_app")
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	auditor, err := isLogin(ctx, a.auditor, "mandat_auditor")
	if err != nil {
		return fmt.Errorf("DATABASE_URL_AUDITOR: %w", err)
	}
	switch info, err := os.Stat(a.config.StateDir); {
	case !app:
		return errors.New("DATABASE_URL: not the login mandat_app")
	case !auditor:
		return errors.New("DATABASE_URL_AUDITOR: not the login mandat_auditor, which may only read")
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("STATE_DIR: there is no %s; make it when the program starts here for the first time, else bring back what was in it", a.config.StateDir)
	case err != nil:
		return fmt.Errorf("STATE_DIR: %w", err)
	case !info.IsDir():
		return fmt.Errorf("STATE_DIR: %s is not a folder", a.config.StateDir)
	}
	return nil
}

// isLogin reports whether the connections have the rights of a login of ours, as that login or as a member of it.
func isLogin(ctx context.Context, d *db.DB, name string) (is bool, err error) {
	err = d.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from pg_roles where rolname = $1 and pg_has_role(current_user, oid, 'usage'))`, name).Scan(&is)
	})
	return is, err
}
