package main

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// advice is what an administrator can do about an error of PostgreSQL's, "" when the error says enough.
func advice(err error) string {
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
