package verify

import (
	"context"
	"errors"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
)

// shownStamp is a checkpoint that the site shows with its timestamp.
type shownStamp struct {
	of format.Checkpoint
	at time.Time // zero: the site shows none
}

// stamp reads the site's newest timestamp, if an authority is believed. Its checkpoint is to be held to the site's own.
func (s *site) stamp(ctx context.Context, o Options) (shownStamp, error) {
	var out shownStamp
	if o.Authority == nil {
		return out, nil
	}
	b, err := s.get(ctx, format.StampedName, format.MaxStamped)
	if errors.Is(err, errAbsent) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	signed, token, err := format.ParseStamped(b)
	if err != nil {
		return out, faultIn("the site's timestamp: %v", err)
	}
	if out.of, _, err = s.policy.open(signed); err != nil {
		return out, faultIn("of the site's timestamp, the %v", err)
	}
	got, err := stamp.Verify(token, stamp.Sum([]byte(out.of.Text())), o.Authority)
	if err != nil {
		return out, faultIn("the site's timestamp is not one of the %d entries: %v", out.of.Size, err)
	}
	out.at = got.At
	return out, nil
}

// stamped checks that what was stamped is a beginning of what the site shows.
func (s *site) stamped(ctx context.Context, t shownStamp, shown format.Checkpoint, r *Report) error {
	if t.at.IsZero() {
		return nil
	}
	r.SiteStamp = t.at
	if t.of.Size > shown.Size {
		return faultIn("the site shows %d entries, and a timestamp of %d", shown.Size, t.of.Size)
	}
	if err := format.Extends(s.tiles(ctx), t.of, shown); err != nil {
		return faultIn("the site's timestamp is of another log: %v", err)
	}
	return nil
}
