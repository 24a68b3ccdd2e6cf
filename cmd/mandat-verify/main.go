// Command mandat-verify checks an export of the journal, a site or a proof, trusting only a policy file, and does nothing else: it is for those who will not take the
// whole of Mandat for what they check it with. It is `mandat journal verify`, from the same package.
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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command := kong.Parse(&checker.Verify{}, kong.Name("mandat-verify"), kong.Description("Check an export of the journal, a site, or both, trusting only a policy file."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "mandat-verify:", checker.Printable(err.Error()))
		stop()
		os.Exit(1)
	}
}
