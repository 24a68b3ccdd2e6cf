package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/cluster"
	"mandat/internal/erasure"
	"mandat/internal/prose"
)

// erased is how a citizen is forgotten, whom auditors have looked at.
func (j *journals) erased() []step {
	ask := func(fields url.Values) func() error {
		return all(page(j.jeanne, &j.mandate, "effacement"), press(j.jeanne, "Enregistrer la demande", fields))
	}
	return []step{
		{"somebody who has the database and its keys finds her name", j.findable},
		{"she asks to be erased: the mandate that stands has to end first", all(ask(url.Values{"asked": {"on"}}), status(j.jeanne, 422), tells(j.jeanne, "Cochez la case pour mettre fin aux mandats en cours"))},
		{"with it ended, what she asked is noted, and she is told when it is done, and why not at once", all(ask(url.Values{"asked": {"on"}, "ends": {"on"}}), func() error {
			due := prose.Date("fr", time.Now().In(prose.Paris).AddDate(erasure.Years, 0, 0))
			j.note = ": on " + due
			return tells(j.jeanne, "La demande est enregistrée", "Référence : ", due, "article 17, paragraphe 3")()
		})},
		{"from then on nobody in the organisation sees her", all(page(j.jeanne, &j.mandate, ""), status(j.jeanne, 404), j.open(j.jeanne, "/mandats?onglet=ended"), lacks(j.jeanne, herName), j.notFound(j.jeanne, herName))},
		{"an older copy of the database is made", j.copy},
		{"six years pass, behind the program's back: its hourly job erases her", all(j.yearsPass, j.settle, j.soon(all(func() error { return j.App.Do(j.ctx, "erase-asked") }, j.open(j.jeanne, "/effacements"),
			tells(j.jeanne, "Aucune demande en attente"))))},
		{"nobody finds her name any more, with the database and all its keys", all(func() error { return j.found(Database, none) })},
		{"the entries about her are empty, and the journal says by which act", all(j.settle, j.at(j.sofia, func() string { return entryPath(j.signed) }), tells(j.sofia, "Écriture oubliée"),
			j.soon(all(j.open(j.sofia, "/audit/journal?acte=citizen.erased"), tells(j.sofia, "Usager effacé"))), j.at(j.sofia, func() string { return entryPath(j.signed) }))},
		{"the export and the proofs of before hold, of others' entries and of hers", all(func() error { return j.verifies("--site="+j.Config.BaseURL, "journal.tar").works("whole: ") }, j.holds(&j.signed), j.holds(&j.beside))},
		{"an export of now is whole, and so is the proof of another's entry", all(func() error {
			return j.command(j.auditing(), "journal", "export", "--policy", "policy", "now").works("to now")
		}, func() error { return j.verifies("now").works("whole: ") }, func() error { return j.inspects().works("whole: ") }, j.proves(&j.beside))},
		{"outside the database a ledger notes it, by ids", j.noted},
	}
}

// places says where a name may be found.
type places bool

const (
	none places = false
	some places = true
)

// findable expects her name in the sealed values of the database.
func (j *journals) findable() error { return j.found(Database, some) }

// found looks for her name in a database of the cluster, with all keys.
func (j *journals) found(database string, want places) error {
	where, err := j.rob(database, herName, herGift)
	if err != nil {
		return err
	}
	j.note += fmt.Sprintf("\n        found in %d columns", len(where))
	for _, column := range where {
		j.note += "\n          " + column
	}
	if len(where) > 0 != bool(want) {
		return fmt.Errorf("found in %q", where)
	}
	return nil
}

// holds verifies the proof of an entry that was taken before.
func (j *journals) holds(index *int64) func() error {
	return func() error {
		return j.verifies("--proof", fmt.Sprintf("rang-%d.tlog-proof", *index)).works("proven: ")
	}
}

// yearsPass moves what decides when she is erased to seven years ago. The demonstration cannot wait.
func (j *journals) yearsPass() error {
	const before = ` - interval '7 years'`
	return errors.Join(
		j.behind(`update mandate set identified_at = identified_at`+before+`, signed_at = signed_at`+before+`, starts_at = starts_at`+before+`, ends_at = ends_at`+before+`, ended_at = ended_at`+before+`,
			lasts_until = lasts_until`+before+` where id = $1`, j.mandate),
		j.behind(`update erasure_request set asked_at = asked_at`+before+`, due_at = due_at`+before+` where citizen_id = $1`, j.citizen))
}

// noted reads the ledger of this server, and puts a copy where the commands are run.
func (j *journals) noted() error {
	content, err := os.ReadFile(j.path("state/" + erasure.LedgerName))
	if err != nil {
		return err
	}
	noted, torn, err := erasure.ReadLedger(content)
	if err != nil || torn || len(noted) == 0 || noted[len(noted)-1].Citizen.String() != j.citizen {
		return fmt.Errorf("the ledger has %d lines, %w", len(noted), err)
	}
	j.note = "\n        " + strings.TrimSpace(string(content))
	return os.WriteFile(filepath.Join(j.dir, "ledger"), content, 0o600)
}

// elder is the database into which the older copy is restored.
const elder = Database + "_copy"

// copy makes a copy of the installation, when the programs of PostgreSQL that it needs are on this machine.
func (j *journals) copy() error {
	if err := j.settle(); err != nil {
		return err
	}
	o := j.command(j.keys(Database, j.path("keys"), j.path("state")), "backup", "--plain", "--database", "copy.database", "--keys", "copy.keys")
	if o.has("there is no pg_dump on this machine") == nil {
		j.note = ": passed over, pg_dump is not installed"
		return nil
	}
	j.copied = o.err == nil
	return o.works("wrote copy.database")
}

// restored is that an older copy, which has her again, is made to forget her.
func (j *journals) restored() []step {
	withCopy := func(do func() error) func() error {
		return func() error {
			if !j.copied {
				j.note = ": passed over, there is no copy"
				return nil
			}
			return do()
		}
	}
	keys := func() []string {
		return j.keys(elder, filepath.Join(j.dir, "restored/keys"), filepath.Join(j.dir, "restored/state"))
	}
	again := func(says string) func() error {
		return func() error { return j.command(keys(), "admin", "after-restore", "--ledger", "ledger").works(says) }
	}
	return []step{
		{"the copy is restored, beside the original: she is there again", withCopy(all(j.makeCopy, func() error {
			return j.command(keys(), "restore", "--database", "copy.database", "--keys", "copy.keys").works("restored the database")
		}, func() error { return j.found(elder, some) }))},
		{"by the ledger she is erased there too; done twice, it does no harm", withCopy(all(again("1 erased again, 0 were not there"), again("0 erased again, 1 were not there")))},
		{"nobody finds her name in the copy any more", withCopy(func() error { return j.found(elder, none) })},
	}
}

// makeCopy makes an empty database for the copy.
func (j *journals) makeCopy() error {
	return j.superuser(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `create database `+elder+` owner mandat_owner`)
		return err
	})
}

// dropCopy removes it.
func (j *journals) dropCopy() {
	conn, err := pgx.Connect(context.WithoutCancel(j.ctx), j.Cluster.DSN(cluster.Superuser, Database))
	if err != nil {
		return // and the cluster goes with the check
	}
	ctx := context.WithoutCancel(j.ctx)
	_, _ = conn.Exec(ctx, `drop database if exists `+elder+` with (force)`)
	_ = conn.Close(ctx)
}

// whole is what everybody sees when all is done.
func (j *journals) whole() []step {
	return []step{
		{"two witnesses have cosigned all of it", j.cosigned},
		{"the mandates are what the journal says", j.compare("Rien à signaler")},
		{"the site's journal is whole, to anybody", func() error { return j.verifies("--site=" + j.Config.BaseURL).works("whole: ") }},
	}
}
