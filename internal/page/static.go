package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"mandat/internal/db"
)

// assets are the static files, each under a URL that holds a hash of its content: a browser may keep it for ever.
type assets struct {
	urls  map[string]string // "css/main.css" to "/static/css/main.3f…a1.css"
	files map[string]asset  // "css/main.3f…a1.css" to the file
}

type asset struct {
	kind    string
	bytes   []byte
	gzipped []byte // nil when it would not be smaller
}

// kinds are the files that are served, and as what.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8", ".txt": "text/plain; charset=utf-8",
}

// reference is how a style sheet names another static file: url("/static/…"). It is rewritten to the hashed URL.
var reference = regexp.MustCompile(`url\("/static/([^"]+)"\)`)

func loadStatic(files fs.FS) (*assets, error) {
	a := &assets{urls: map[string]string{}, files: map[string]asset{}}
	var sheets []string
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if path.Ext(name) == ".css" {
			sheets = append(sheets, name) // after the files they refer to
			return nil
		}
		return a.add(files, name)
	})
	for _, name := range sheets {
		if err == nil {
			err = a.add(files, name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	return a, nil
}

func (a *assets) add(files fs.FS, name string) error {
	kind, ok := kinds[path.Ext(name)]
	if !ok {
		return fmt.Errorf("%s: no content type for this ending", name)
	}
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if path.Ext(name) == ".css" {
		if b, err = a.rewrite(b); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	sum := sha256.Sum256(b)
	short := strings.TrimPrefix(name, "static/")
	hashed := strings.TrimSuffix(short, path.Ext(short)) + "." + hex.EncodeToString(sum[:8]) + path.Ext(short)
	a.urls[short] = "/static/" + hashed
	a.files[hashed] = asset{kind: kind, bytes: b, gzipped: squeeze(b)}
	return nil
}

func (a *assets) rewrite(sheet []byte) ([]byte, error) {
	var missing error
	out := reference.ReplaceAllFunc(sheet, func(m []byte) []byte {
		url, err := a.url(string(reference.FindSubmatch(m)[1]))
		if err != nil {
			missing = err
		}
		return []byte(`url("` + url + `")`)
	})
	return out, missing
}

func squeeze(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = z.Write(b)
	_ = z.Close()
	if out.Len() > len(b)*9/10 {
		return nil
	}
	return out.Bytes()
}

// url returns the URL of a static file ("css/main.css").
func (a *assets) url(name string) (string, error) {
	url, ok := a.urls[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return url, nil
}

// serveStatic answers /static/….
func (p *Pages) serveStatic(w http.ResponseWriter, r *http.Request) error {
	file, ok := p.static.files[r.PathValue("file")]
	if !ok {
		return db.ErrNotFound
	}
	h, body := w.Header(), file.bytes
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if file.gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = file.gzipped
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
	return nil
}
