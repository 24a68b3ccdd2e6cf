package anomaly

import (
	"time"

	"github.com/google/uuid"
)

// device finds aidants who have many mandates on a day of which the citizen said everything, who they are and that they agree, on the aidant's own screen: through FranceConnect
// in the aidant's browser, and neither on a telephone of their own nor before a colleague. That is how most mandates are made. Whose hands were on the keys nothing tells; a second browser
// that the aidant holds too looks like the citizen's.
type device struct {
	Rule
	screens map[uuid.UUID]screen // of drafts
	kept    recent[onDay]
}

// screen says of the last identity in a draft where it was told.
type screen struct {
	version int
	own     bool // in the aidant's browser
	at      time.Time
}

func newDevice(r Rule) detector {
	return &device{r, map[uuid.UUID]screen{}, recent[onDay]{}}
}

func (d *device) see(a *act) *Finding {
	switch a.action {
	case "draft.identified":
		d.screens[a.detail.Draft] = screen{a.detail.Version, a.detail.Method == "franceconnect" && a.detail.On == "", a.at}
	case "mandate.signed":
		s, ok := d.screens[a.detail.Draft]
		delete(d.screens, a.detail.Draft)
		if !ok || !s.own || s.version != a.detail.Version || a.detail.Identified != "franceconnect" || a.detail.Consent != "franceconnect" {
			return nil
		}
		if refs := d.kept.add(a.onDay(), a, 2*back); len(refs) >= d.Thresholds["mandates"] {
			return a.found(d.Rule, refs, map[string]int{"mandates": len(refs)})
		}
	}
	return nil
}

func (d *device) forget(before time.Time) {
	d.kept.forget(before)
	for k, s := range d.screens {
		if s.at.Before(before) {
			delete(d.screens, k)
		}
	}
}
