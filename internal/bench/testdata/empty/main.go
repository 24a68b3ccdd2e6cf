// Command empty answers "ok" to everything on the address that is its argument: what a Go program with net/http weighs.
package main

import (
	"net/http"
	"os"
)

func main() {
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	if err := http.ListenAndServe(os.Args[1], answer); err != nil { //nolint:gosec // a benchmark's rival
		panic(err)
	}
}
