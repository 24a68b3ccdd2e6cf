package db

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Down reports whether err comes from a PostgreSQL that cannot be reached, or that is starting, stopping or full: nothing
// is wrong with what was asked, and it may go well later. Whether a commit that was under way has taken place is not known.
//
// It takes every broken connection for one of PostgreSQL's: what is said by other servers must have been given its own
// error before.
func Down(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		for _, class := range []string{"08", "53", "57P"} { // connection, resources, shutdown and start
			if strings.HasPrefix(pg.Code, class) {
				return true
			}
		}
		return false
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	return errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.ErrUnexpectedEOF)
}
