package session

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Origin is from where a session was opened, as auditors are told for a year after the sign-in: what stands in entries is for ever, this
// is not. A cookie that is used elsewhere later does not change it.
type Origin struct {
	Device   string       // browser and system, in words ("Firefox, Windows"); "" when unknown
	Network  netip.Prefix // IPv4 /24, IPv6 /48; the zero Prefix when unknown
	OpenedAt time.Time
}

// Origins returns from where sessions were opened, by their ids as entries of the journal have them (journal.Entry.Session); those that
// were purged are missing. It reads as auditor: the program's own login cannot.
func Origins(ctx context.Context, auditor *db.DB, ids [][]byte) (map[string]Origin, error) {
	out := map[string]Origin{}
	batch := &pgx.Batch{}
	batch.Queue(`select session_id, coalesce(device, ''), network, opened_at from session_origin where session_id = any($1)`, ids).Query(func(rows pgx.Rows) error {
		var id []byte
		var o Origin
		var network *netip.Prefix
		_, err := pgx.ForEachRow(rows, []any{&id, &o.Device, &network, &o.OpenedAt}, func() error {
			o.Network, o.OpenedAt = netip.Prefix{}, o.OpenedAt.UTC()
			if network != nil {
				o.Network = *network
			}
			out[string(id)] = o
			return nil
		})
		return err
	})
	if err := auditor.Ask(ctx, db.Nothing(), batch); err != nil {
		return nil, fmt.Errorf("read origins of sessions: %w", err)
	}
	return out, nil
}
