package session

import "mandat/internal/wrapping"

// Wrapped is the column of the keys under which a form lies that waits for somebody to sign in again. It passes with the session.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "session",
		Read: `select encode(cookie, 'hex'), '', kept_key from session where encode(cookie, 'hex') > $1
			and substr(kept_key, 1, 5) = any ($2::bytea[]) order by 1 limit $3`,
	}
}
