package format

import "time"

// Standing is what a power of a receipt is worth at a time.
type Standing string

// The standings, the surest first.
const (
	Stands    Standing = "stands"
	Unknown   Standing = "unknown"   // in its time, and no list at hand says more
	Scheduled Standing = "scheduled" // it has not begun
	Over      Standing = "over"      // its time has run out
	Suspended Standing = "suspended" // by auditors, who may lift that
	Ended     Standing = "ended"     // before its time
)

// Judge says of each power of a receipt what it is worth at a time, in their order. status answers what stands at a place, false when
// that is not known. Nothing stands that is not known to.
func (r Receipt) Judge(now time.Time, status func(Place) (uint8, bool)) []Standing {
	whole, wholeKnown := status(r.Status.List)
	out := make([]Standing, len(r.Powers))
	for i, p := range r.Powers {
		s, known := whole, wholeKnown
		if p.Status != nil {
			s, known = status(p.Status.List)
			if wholeKnown && whole == Invalid || !known && whole == Hold {
				s, known = whole, wholeKnown
			}
		}
		switch {
		case !now.Before(seconds(p.Until)):
			out[i] = Over
		case known && s == Hold:
			out[i] = Suspended
		case known && s != Valid:
			out[i] = Ended
		case now.Before(seconds(p.From)):
			out[i] = Scheduled
		case !known:
			out[i] = Unknown
		default:
			out[i] = Stands
		}
	}
	return out
}

// Begins is when the power begins.
func (p Power) Begins() time.Time { return seconds(p.From) }

// Ends is when the power's time runs out.
func (p Power) Ends() time.Time { return seconds(p.Until) }

// Issued is when the receipt was made.
func (r Receipt) Issued() time.Time { return seconds(r.IssuedAt) }

// Places are the places of a receipt: its own first, then those of its powers.
func (r Receipt) Places() []Place {
	out := []Place{r.Status.List}
	for _, p := range r.Powers {
		if p.Status != nil {
			out = append(out, p.Status.List)
		}
	}
	return out
}
