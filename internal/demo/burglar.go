package demo

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"mandat/internal/cluster"
)

// burglar has the database and the key-encryption keyset.
type burglar struct {
	conn  *pgx.Conn
	keys  [][]byte // that he unwrapped
	words [][]byte
}

// rob looks for words in every column of every table of a database, opened with every key that is in it, and returns where they stand.
func (c *check) rob(database string, words ...string) ([]string, error) {
	conn, err := pgx.Connect(c.ctx, c.Cluster.DSN(cluster.Superuser, database))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(c.ctx)) }()
	b := &burglar{conn: conn}
	for _, w := range words {
		b.words = append(b.words, bytes.ToLower([]byte(w)))
	}
	if err := b.unwrap(c.ctx, c.path("key-encryption.json")); err != nil {
		return nil, err
	}
	tables, err := b.strings(c.ctx, `select format('%I', tablename) from pg_tables where schemaname = 'public'`)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, table := range tables {
		if err := b.search(c.ctx, table, found); err != nil {
			return nil, fmt.Errorf("search %s: %w", table, err)
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func (b *burglar) strings(ctx context.Context, sql string) ([]string, error) {
	rows, err := b.conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// unwrap opens the data keys of citizens and of drafts.
func (b *burglar) unwrap(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(string(text))))
	if err != nil {
		return err
	}
	kek, err := aead.New(handle)
	if err != nil {
		return err
	}
	rows, err := b.conn.Query(ctx, `select id, data_key from citizen union all select subject_id, data_key from mandate_draft where data_key is not null`)
	if err != nil {
		return err
	}
	var owner uuid.UUID
	var wrapped []byte
	_, err = pgx.ForEachRow(rows, []any{&owner, &wrapped}, func() error {
		raw, err := kek.Decrypt(wrapped, owner[:])
		b.keys = append(b.keys, raw)
		return err
	})
	return err
}

// search notes the columns of a table in which a word stands, in clear or sealed.
func (b *burglar) search(ctx context.Context, table string, found map[string]bool) error {
	rows, err := b.conn.Query(ctx, `select * from `+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		for i, value := range values {
			if b.holds(value) {
				found[table+"."+rows.FieldDescriptions()[i].Name] = true
			}
		}
	}
	return rows.Err()
}

func (b *burglar) holds(value any) bool {
	sealed, ok := value.([]byte)
	if !ok {
		return b.written(fmt.Append(nil, value))
	}
	return b.written(sealed) || slices.ContainsFunc(b.keys, func(key []byte) bool { return b.written(opened(key, sealed)) })
}

func (b *burglar) written(text []byte) bool {
	text = bytes.ToLower(text)
	return slices.ContainsFunc(b.words, func(w []byte) bool { return bytes.Contains(text, w) })
}

// opened decrypts what may be a sealed value (package envelope) without asking whether it is of this key: in counter mode, as GCM begins it.
func opened(key, sealed []byte) []byte {
	const before, behind = 1 + 12, 16
	block, err := aes.NewCipher(key)
	if err != nil || len(sealed) < before+behind {
		return nil
	}
	plain := make([]byte, len(sealed)-before-behind)
	cipher.NewCTR(block, append(bytes.Clone(sealed[1:before]), 0, 0, 0, 2)).XORKeyStream(plain, sealed[before:len(sealed)-behind])
	return plain
}
