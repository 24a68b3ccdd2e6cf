package main

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/journal/tree"
)

// advice is what an administrator can do about an error of PostgreSQL's, or the journal's, "" when the error says enough.
func advice(err error) string {
	if todo := journalAdvice(err); todo != "" {
		return todo
	}
	pg, answered := errors.AsType[*pgconn.PgError](err)
	if !answered {
		if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
			return "Is PostgreSQL up, and the address in the connection string right?"
		}
		return ""
	}
	switch pg.Code {
	case "28P01", "28000": // invalid password, invalid authorization
		return "Look at the login and its password in the connection string, and at pg_hba.conf."
	case "3D000": // no such database
		return "Make the database first: `mandat admin roles` prints how."
	case "42P01", "42703", "42883": // no such table, column, function
		return "The database is not up to date: run `mandat migrate` as its owner."
	case "42501": // no right
		return "This login has no right to that: `mandat migrate` wants mandat_owner, who owns the database; the other commands the login that their --help names."
	case "25006": // read-only
		return "This login or server may only read: is it mandat_auditor, or a standby?"
	}
	return ""
}

// journalAdvice is what to do when the journal may not go on. docs/journal.md has the whole of it.
func journalAdvice(err error) string {
	const more = " docs/journal.md, \"When something is wrong with the journal\", says what to do."
	switch {
	case errors.Is(err, tree.ErrBelow):
		return "The database was put back to an older state. Nothing was changed: stop, and find the newer copy." + more
	case errors.Is(err, tree.ErrBeside), errors.Is(err, tree.ErrTree):
		return "The database does not hold the journal that was seen. Nothing was changed: keep it as it is, it is evidence." + more
	case errors.Is(err, tree.ErrCluster):
		return "Make sure that the original never runs again; then `mandat admin adopt` prints what to run." + more
	}
	return ""
}
