// Command makecerts makes the development certificates: `make certs` runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"mandat/internal/certs"
)

func main() {
	dir := flag.String("dir", "certs", "folder for the certificates and keys")
	owner := flag.String("owner", "Mandat", "in whose name the seal is")
	force := flag.Bool("force", false, "replace those that are there")
	flag.Parse()
	made, err := certs.Write(*dir, *owner, time.Now(), *force)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case made:
		fmt.Printf("%[1]s/authority.pem  %[1]s/tls.{pem,key}  %[1]s/seal.{pem,key}  made\n", *dir)
	default:
		fmt.Printf("%s holds certificates already; make certs FORCE=1 replaces them\n", *dir)
	}
}
