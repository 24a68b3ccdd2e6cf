package verify

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// header is the block before a file of an archive, which no writer of archives would write like this.
func header(name string, kind byte, size int) []byte {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000600\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x0000000000000\x00        ", size))
	b[156] = kind
	copy(b[257:], "ustar\x0000")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// padded is content as it lies in an archive.
func padded(content string) []byte {
	return append([]byte(content), make([]byte, (512-len(content)%512)%512)...)
}

// What would be something else once it was unpacked, or somewhere else, is in no archive that passes.
func TestOpenExport_RefusesWhatUnpacksOtherwise(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 3, 3)
	whole := s.listed(t)
	archive := func(more ...byte) string {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		for _, name := range slices.Sorted(maps.Keys(whole)) {
			err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(whole[name].Data)), Mode: 0o600})
			if err == nil {
				_, err = w.Write(whole[name].Data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "journal.tar")
		if err := os.WriteFile(path, append(append(out.Bytes(), more...), make([]byte, 1024)...), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	check := func(path string) error {
		export, closer, err := OpenExport(path)
		if err != nil {
			return err
		}
		_, err = Log(t.Context(), Options{Policy: s.policy, Export: export})
		return errors.Join(err, closer.Close())
	}
	if err := check(archive(header("entries/", tar.TypeDir, 0)...)); err != nil {
		t.Errorf("with a folder: %v", err)
	}
	link := header("notes", tar.TypeSymlink, 0)
	records := "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n32 GNU.sparse.name=checkpoint.x\n25 GNU.sparse.realsize=7\n"
	for what, more := range map[string][]byte{
		"a link":                   link,
		"a hard link":              header("notes", tar.TypeLink, 0),
		"a pipe":                   header("notes", tar.TypeFifo, 0),
		"a name above":             header("../notes", tar.TypeReg, 0),
		"a name from the root":     header("/notes", tar.TypeReg, 0),
		"a long name":              slices.Concat(header("././@LongLink", tar.TypeGNULongName, 1001), padded(strings.Repeat("n", 1000)+"\x00"), header("n", tar.TypeReg, 0)),
		"a file with holes":        slices.Concat(header("PaxHeaders/x", tar.TypeXHeader, len(records)), padded(records), header("GNUSparseFile.0/x", tar.TypeReg, 519), padded("1\n0\n7\n"), padded("holes??")),
		"records for what follows": slices.Concat(header("pax_global_header", tar.TypeXGlobalHeader, 14), padded("14 path=other\n")),
	} {
		if err := check(archive(more...)); !errors.Is(err, errNotPlain) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
