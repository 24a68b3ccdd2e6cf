// Command rival is what Mandat is compared with: the least that could do the same for the machine.
//
//	rival serve ADDRESS DATABASE   answers as a provider would, with one durable insert for a token and one for a release
//	rival read WORKERS FOLDER      reads an export: zstd, and SHA-256 of each line
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/zstd"
)

func main() {
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(os.Args[2], os.Args[3])
	case "read":
		err = read(os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address, database string) error {
	c, err := pgxpool.ParseConfig(database)
	if err != nil {
		return err
	}
	c.MaxConns = 12
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		return err
	}
	body := []byte(strings.Repeat("0123456789", 60))
	page := []byte(strings.Repeat("0123456789", 600))
	insert := func(w http.ResponseWriter, r *http.Request) {
		if _, err := pool.Exec(r.Context(), `insert into rival (body) values ($1)`, string(body)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(body)
	}
	redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusSeeOther) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /idp/authorize", redirect)
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
	mux.HandleFunc("POST /choice", redirect)
	mux.HandleFunc("POST /idp/token", insert)
	mux.HandleFunc("GET /idp/userinfo", insert)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	return http.ListenAndServe(address, mux) //nolint:gosec // a benchmark's rival
}

func read(workers, folder string) error {
	n, err := strconv.Atoi(workers)
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(folder, "entries", "*.zst"))
	if err != nil {
		return err
	}
	work := make(chan string, len(names))
	for _, name := range names {
		work <- name
	}
	close(work)
	var wait sync.WaitGroup
	failures := make(chan error, n)
	for range n {
		wait.Go(func() {
			for name := range work {
				if err := hash(name); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(failures)
	return <-failures
}

func hash(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	lines := bufio.NewScanner(z)
	lines.Buffer(make([]byte, 1<<17), 1<<17)
	for lines.Scan() {
		sha256.Sum256(lines.Bytes())
	}
	return lines.Err()
}
