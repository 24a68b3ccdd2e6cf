package org

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// listed is the most organisations of a list.
const listed = 100

// Organisations lists organisations for administrators, by name, at most 100: those whose name, town, postcode, SIRET or
// habilitation number contains the words; "" is every one. Others get ErrMayNot.
func (d *Directory) Organisations(ctx context.Context, by journal.Actor, words string) ([]Organisation, error) {
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(strings.TrimSpace(words))) + "%"
	var out []Organisation
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := AskAdministrator(ctx, tx, by); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+organisationColumns+` from organisation o
			where lower(o.name) like $1 or lower(o.city) like $1 or o.postcode like $1 or o.siret like $1 or lower(o.habilitation_number) like $1 order by o.name, o.id limit $2`, pattern, listed)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Organisation, error) {
			var o Organisation
			err := row.Scan(o.fields()...)
			return o, err
		})
		return err
	})
	return out, db.Found("list organisations", err)
}

// Administrators lists the administrators, for one of them. Others get ErrMayNot.
func (d *Directory) Administrators(ctx context.Context, by journal.Actor) ([]Person, error) {
	var out []Person
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := AskAdministrator(ctx, tx, by); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+personColumns+` from person a where a.administrator order by a.usual_name, a.given_name, a.id`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Person, error) {
			var p Person
			err := row.Scan(p.fields()...)
			return p, err
		})
		return err
	})
	return out, db.Found("list administrators", err)
}
