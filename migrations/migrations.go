// Package migrations holds the database's schema: numbered SQL files, applied in order and never undone.
// They are applied by the owner (mandat_owner); what the program and the auditors may do is granted in them.
package migrations

import "embed"

// Files are the migrations, named NNNN_what.sql, in the format of goose.
//
//go:embed *.sql
var Files embed.FS
