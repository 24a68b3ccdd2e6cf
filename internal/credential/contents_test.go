package credential_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// forms are the ways a recovery code may be written.
func forms(code string) []string {
	bare := strings.ReplaceAll(code, "-", "")
	raw, _ := base32.StdEncoding.DecodeString(bare)
	out := []string{code, bare, strings.ToLower(bare)}
	if len(raw) > 0 {
		out = append(out, string(raw), hex.EncodeToString(raw))
	}
	return out
}

// keyForms are the ways a seed may be written, from its base32.
func keyForms(t testing.TB, key string) []string {
	t.Helper()
	bare := strings.ReplaceAll(key, " ", "")
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(bare)
	if err != nil {
		t.Fatal(err)
	}
	return []string{key, bare, string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw))}
}

// absent fails the test when one of these secrets stands in some row of some table, whose columns are read decoded. That it would be
// found is seen first: the serial number of a card stands there in clear.
func (w *world) absent(t *testing.T, secrets map[string][]string) {
	t.Helper()
	conn := w.Connect(t, w.Superuser)
	rows, err := conn.Query(context.Background(), `select quote_ident(tablename) from pg_tables where schemaname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var content bytes.Buffer
	for _, table := range tables {
		rows, err := conn.Query(context.Background(), "select * from "+table)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				write(&content, v)
			}
		}
		if rows.Err() != nil {
			t.Fatal(table, rows.Err())
		}
	}
	if !bytes.Contains(content.Bytes(), []byte("GADT0001")) {
		t.Fatal("this search finds nothing at all")
	}
	for what, forms := range secrets {
		for _, form := range forms {
			if len(form) == 6 && numbersAround(content.Bytes(), form) {
				continue // six digits that are part of a longer number
			}
			if bytes.Contains(content.Bytes(), []byte(form)) {
				t.Errorf("the %s stands in the database", what)
			}
		}
	}
}

// write puts a value down as its bytes, each value apart.
func write(out *bytes.Buffer, v any) {
	switch v := v.(type) {
	case []byte:
		out.Write(v)
	case []any:
		for _, e := range v {
			write(out, e)
		}
	default:
		fmt.Fprint(out, v)
	}
	out.WriteByte('\n')
}

// numbersAround reports whether a number stands in a text only as a part of longer ones.
func numbersAround(content []byte, number string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(content) && content[i] >= '0' && content[i] <= '9' }
	for from := 0; ; {
		i := bytes.Index(content[from:], []byte(number))
		if i < 0 {
			return true
		}
		if i += from; !digit(i-1) && !digit(i+len(number)) {
			return false
		}
		from = i + 1
	}
}
