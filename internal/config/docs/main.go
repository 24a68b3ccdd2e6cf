// Command docs writes the table of settings into docs/operations.md, from the repository's root.
package main

import (
	"fmt"
	"os"

	"mandat/internal/config"
)

const path = "docs/operations.md"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := config.PutManual(string(document))
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(changed), 0o644) //nolint:gosec // a document
}
