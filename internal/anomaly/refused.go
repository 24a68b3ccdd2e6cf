package anomaly

import (
	"slices"
	"time"
)

// refused finds many steps that were refused to one aidant within minutes: logins, identities, telephone numbers, questions of services.
type refused struct {
	Rule
	kept recent[subject]
}

func (r *refused) see(a *act) *Finding {
	if !slices.Contains(refusals, a.action) {
		return nil
	}
	refs := r.kept.add(a.subject(), a, time.Duration(r.Thresholds["minutes"])*time.Minute)
	if len(refs) < r.Thresholds["refusals"] {
		return nil
	}
	return a.found(r.Rule, refs, map[string]int{"refusals": len(refs)})
}

func (r *refused) forget(before time.Time) { r.kept.forget(before) }
