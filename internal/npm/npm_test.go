package npm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive writes an npm archive with one file.
func archive(t *testing.T, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := tw.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	for _, close := range []func() error{tw.Close, zw.Close} {
		if err := close(); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "a.tgz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := unpack(archive(t, "package/bin/x", "content"), dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "package", "bin", "x")
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "content" {
		t.Fatalf("unpacked %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Fatalf("not executable: %v, %v", info.Mode(), err)
	}
}

func TestUnpack_StaysInItsFolder(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	dir := filepath.Join(outside, "in")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unpack(archive(t, "../out", "content"), dir); err == nil {
		t.Error("unpacked a name with ..")
	}
	if _, err := os.Stat(filepath.Join(outside, "out")); !os.IsNotExist(err) {
		t.Errorf("a file outside: %v", err)
	}
}

func TestCheck_RefusesAnotherArchive(t *testing.T) {
	t.Parallel()
	p := Package{Name: "x", Version: "1", Integrity: "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="}
	if err := p.check(archive(t, "package/x", "not it")); err == nil || !strings.Contains(err.Error(), "not the one expected") {
		t.Fatalf("accepted: %v", err)
	}
}
