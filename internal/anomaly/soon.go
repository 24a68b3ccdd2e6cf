package anomaly

import (
	"time"

	"github.com/google/uuid"
)

// soon finds aidants who use mandates within minutes of their signature, so many mandates on a day. A citizen who sits there may well want that; several in a row by hands that
// are quick is worth a look.
type soon struct {
	Rule
	signed map[uuid.UUID]ref // mandates; each until it is used, or no use is soon any more
	kept   recent[onDay]
	pairs  map[onDay][]ref // signatures and uses, one after the other
}

func newSoon(r Rule) detector {
	return &soon{r, map[uuid.UUID]ref{}, recent[onDay]{}, map[onDay][]ref{}}
}

func (s *soon) see(a *act) *Finding {
	switch a.action {
	case "mandate.signed":
		s.signed[a.mandate] = ref{a.at, a.index}
	case "power.used", "power.declared":
		signed, ok := s.signed[a.mandate]
		if !ok {
			return nil
		}
		delete(s.signed, a.mandate) // its first use counts
		if a.at.Sub(signed.at) > time.Duration(s.Thresholds["minutes"])*time.Minute {
			return nil
		}
		k := a.onDay()
		uses := s.kept.add(k, a, 2*back)
		if pairs := s.pairs[k]; len(pairs) < 2*mostEntries {
			s.pairs[k] = append(pairs, signed, ref{a.at, a.index})
		}
		if len(uses) >= s.Thresholds["mandates"] {
			return a.found(s.Rule, s.pairs[k], map[string]int{"mandates": len(uses)})
		}
	}
	return nil
}

func (s *soon) forget(before time.Time) {
	s.kept.forget(before)
	for k := range s.pairs {
		if _, ok := s.kept[k]; !ok {
			delete(s.pairs, k)
		}
	}
	for m, r := range s.signed {
		if r.at.Before(before) {
			delete(s.signed, m)
		}
	}
}
