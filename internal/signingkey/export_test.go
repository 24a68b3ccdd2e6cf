package signingkey

import (
	"context"
	"log/slog"
)

// Look is what Run does at each tick.
func (r *Ring) Look(ctx context.Context, log *slog.Logger, failing string) string {
	return r.look(ctx, log, failing)
}
