package credential

import (
	"time"

	"github.com/google/uuid"
)

// entry is what the replay reads of an entry.
type entry struct {
	Action string    `json:"action"`
	At     time.Time `json:"at"`
	By     struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		Person      uuid.UUID `json:"person"`
		Kind        string    `json:"kind"`
		Factor      uuid.UUID `json:"factor"`
		Digest      string    `json:"digest"`
		Serial      string    `json:"serial"`
		Replaces    uuid.UUID `json:"replaces"`
		Last        bool      `json:"last"`
		Left        int       `json:"left"`
		Reset       uuid.UUID `json:"reset"`
		EffectiveAt time.Time `json:"effective_at"`
	} `json:"detail"`
}

type replayedFactor struct {
	person      uuid.UUID
	kind, proof string
	cloned      bool
}

type replayedCodes struct {
	digest string
	made   time.Time
	left   int
}

// replay is what the entries so far say there is.
type replay struct {
	factors map[uuid.UUID]replayedFactor
	codes   map[uuid.UUID]replayedCodes // by person
	resets  map[uuid.UUID]Reset
}

func newReplay() *replay {
	return &replay{factors: map[uuid.UUID]replayedFactor{}, codes: map[uuid.UUID]replayedCodes{}, resets: map[uuid.UUID]Reset{}}
}

// apply follows one entry.
func (r *replay) apply(e entry) {
	d := e.Detail
	switch e.Action {
	case "factor.added":
		delete(r.factors, d.Replaces)
		r.factors[d.Factor] = replayedFactor{person: d.Person, kind: d.Kind, proof: d.Digest + d.Serial}
	case "factor.removed":
		delete(r.factors, d.Factor)
		if d.Last {
			delete(r.codes, d.Person)
		}
	case "factor.cloned":
		f := r.factors[d.Factor]
		f.cloned = true
		r.factors[d.Factor] = f
	case "factor.recovery_made":
		r.codes[d.Person] = replayedCodes{digest: d.Digest, made: e.At, left: recoveryCodes}
	case "factor.recovery_used":
		c := r.codes[d.Person]
		c.left = d.Left
		r.codes[d.Person] = c
	default:
		r.applyReset(e)
	}
}

func (r *replay) applyReset(e entry) {
	s := r.resets[e.Detail.Reset]
	switch e.Action {
	case "factor.reset_asked":
		s = Reset{ID: e.Detail.Reset, Person: e.Detail.Person, AskedBy: e.By.Person, State: "asked"}
	case "factor.reset_approved":
		s.ApprovedBy, s.EffectiveAt, s.State = e.By.Person, e.Detail.EffectiveAt, "approved"
	case "factor.reset_refused":
		s.State = "refused"
	case "factor.reset_cancelled":
		s.State = "cancelled"
	case "factor.reset_used":
		s.State = "used"
	case "factor.reset_done":
		s.State = "done"
		for id, f := range r.factors {
			if f.person == e.Detail.Person {
				delete(r.factors, id)
			}
		}
		delete(r.codes, e.Detail.Person)
	default:
		return
	}
	r.resets[e.Detail.Reset] = s
}

// picture is the replay in words.
func (r *replay) picture() picture {
	out := picture{}
	for id, f := range r.factors {
		out[id] = factorText(f.person, f.kind, f.proof, f.cloned)
	}
	for person, c := range r.codes {
		out[person] = recoveryText(c.digest, c.made, c.left)
	}
	for id, s := range r.resets {
		out[id] = resetText(s)
	}
	return out
}
