// Command mandat is the whole of Mandat: the server, the demonstration, the migrations, and what an administrator or an
// auditor does from a shell. `mandat --help` lists it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"mandat/internal/journal/checker"
)

type commands struct {
	Serve    serve        `cmd:"" help:"Run the site with the settings of the environment (docs/operations.md)."`
	Demo     demoCommand  `cmd:"" help:"Run everything on this machine: database, stand-ins, people and site."`
	Migrate  migrate      `cmd:"" help:"Bring the database up to date, as its owner (DATABASE_URL_OWNER)."`
	Journal  journalCmds  `cmd:"" help:"Export, verify and prove the journal; compare the tables with it."`
	Evidence evidenceCmds `cmd:"" help:"Check the file that shows how a mandate was agreed and signed (docs/evidence.md)."`
	Receipt  receiptCmds  `cmd:"" help:"Check a mandate receipt (docs/receipt.md)."`
	Backup   backupCmd    `cmd:"" help:"Copy the database, and the keys, into two files."`
	Restore  restoreCmd   `cmd:"" help:"Make an installation of the two files again, in an empty database."`
	Admin    adminCmds    `cmd:"" help:"What an administrator does: logins, keys, organisations, people."`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mandat:", checker.Printable(err.Error()))
		if todo := advice(err); todo != "" {
			fmt.Fprintln(os.Stderr, todo)
		}
		os.Exit(exitCode(err))
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser, err := kong.New(&commands{}, kong.Name("mandat"), kong.Description("Mandates for social workers who act for citizens online."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	parser.FatalIfErrorf(err)
	return command.Run()
}
