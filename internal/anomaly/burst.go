package anomaly

import (
	"slices"
	"time"
)

// burst finds many acts for citizens by one aidant within minutes.
type burst struct {
	Rule
	kept recent[subject]
}

func (b *burst) see(a *act) *Finding {
	if !slices.Contains(touching, a.action) {
		return nil
	}
	refs := b.kept.add(a.subject(), a, time.Duration(b.Thresholds["minutes"])*time.Minute)
	if len(refs) < b.Thresholds["acts"] {
		return nil
	}
	return a.found(b.Rule, refs, map[string]int{"acts": len(refs)})
}

func (b *burst) forget(before time.Time) { b.kept.forget(before) }
