package draw

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Stated is the detail of the entry that says what was drawn.
type Stated struct {
	Sample           string   `json:"sample"`
	Number           string   `json:"number"`
	Order            int64    `json:"order"`             // place of the order's entry
	Witnessed        int64    `json:"witnessed"`         // entries of the checkpoint under which it was witnessed
	Size             int64    `json:"size"`              // entries of the checkpoint that was drawn from
	Root             string   `json:"root"`              // its root, in base64
	CosignedAt       []string `json:"cosigned_at"`       // times of the cosignatures on it, in the order's sequence
	TimestampSHA256  string   `json:"timestamp_sha256"`  // of its timestamp, DER
	StampedAt        string   `json:"stamped_at"`        // by the authority's clock
	Share            string   `json:"share,omitempty"`   // of who ordered it
	Population       int64    `json:"population"`        // entries that fitted
	PopulationSHA256 string   `json:"population_sha256"` // of their places
	Places           []int64  `json:"places"`            // what was drawn, in the order of the log
}

// State says what was drawn from a population.
func State(o Placed, m Moment, share Share, c *Census) Stated {
	sum, token := c.Sum(), sha256.Sum256(m.Token)
	s := Stated{Sample: o.Sample, Number: o.Number, Order: o.Place, Witnessed: m.Witnessed.Size, Size: m.Drawn.Size, Root: base64.StdEncoding.EncodeToString(m.Drawn.Root[:]),
		TimestampSHA256: hex.EncodeToString(token[:]), StampedAt: m.Stamp.At.UTC().Format(timeFormat), Share: string(share),
		Population: c.Count, PopulationSHA256: hex.EncodeToString(sum[:]), Places: c.choice.Places()}
	for _, by := range m.Cosignatures {
		s.CosignedAt = append(s.CosignedAt, by.At.UTC().Format(timeFormat))
	}
	return s
}

// verdict is an entry about what became of an order.
type verdict struct {
	index  int64
	Action string    `json:"action"`
	At     string    `json:"at"`
	Detail statedAll `json:"detail"`
}

// statedAll has the members of both actions.
type statedAll struct {
	Stated
	Why string `json:"why"` // of one that lapsed: late or share
}

// Why an order lapsed.
const (
	WhyLate  = "late"  // the witnesses or the authority did not speak in time
	WhyShare = "share" // who ordered it did not give the share
)

// verdictOn reads an entry that may tell of a sample.
func verdictOn(sample string, index int64, body []byte) (verdict, bool) {
	v := verdict{index: index}
	if json.Unmarshal(body, &v) != nil || v.Detail.Sample != sample {
		return verdict{}, false
	}
	return v, v.Action == ActionDrawn || v.Action == ActionLapsed
}

// shareLate reports whether a share could not be given any more at a time, nor so long before it.
func (o Order) shareLate(at string, before time.Duration) bool {
	end, err := time.Parse(timeFormat, o.EndsAt)
	return err == nil && at > end.Add(ShareFor-Term+before).Format(timeFormat)
}
