package draw

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"
	"slices"
)

// Population says which entries a sample is of: those before the order's that have one of the actions, if there are any, and all of the other
// members that are given. What is "" asks for nothing.
type Population struct {
	Actions      []string `json:"actions,omitempty"`
	Organisation string   `json:"organisation,omitempty"` // id
	Procedure    string   `json:"procedure,omitempty"`    // key, in the entry's detail: its procedure, or among its procedures or powers
	Service      string   `json:"service,omitempty"`      // the client or the service of its detail
	Since        string   `json:"since,omitempty"`        // as entries have times: not earlier
	Until        string   `json:"until,omitempty"`        // and earlier than this
}

// unknownService is what stands in entries where FranceConnect does not tell.
const unknownService = "unknown"

// Fits reports whether an entry, as it is hashed, is of the population, wherever it stands.
func (p Population) Fits(body []byte) bool {
	if !bytes.Contains(body, []byte(p.Organisation)) || len(p.Actions) > 0 && !p.may(body) {
		return false // without reading it
	}
	var e struct {
		Action       string `json:"action"`
		At           string `json:"at"`
		Organisation string `json:"organisation"`
		Detail       struct {
			Procedure  json.RawMessage `json:"procedure"`
			Procedures json.RawMessage `json:"procedures"`
			Powers     json.RawMessage `json:"powers"`
			Client     json.RawMessage `json:"client"`
			Service    json.RawMessage `json:"service"`
		} `json:"detail"`
	}
	if json.Unmarshal(body, &e) != nil {
		return false
	}
	if len(p.Actions) > 0 && !slices.Contains(p.Actions, e.Action) || p.Organisation != "" && e.Organisation != p.Organisation ||
		p.Since != "" && e.At < p.Since || p.Until != "" && e.At >= p.Until {
		return false
	}
	d := &e.Detail
	if p.Service != "" && (p.Service == unknownService || text(d.Client) != p.Service && text(d.Service) != p.Service) {
		return false
	}
	return p.Procedure == "" || text(d.Procedure) == p.Procedure || slices.Contains(texts(d.Procedures), p.Procedure) || slices.Contains(ofPowers(d.Powers), p.Procedure)
}

// may reports whether an entry may have one of the actions: its canonical form begins with the action.
func (p Population) may(body []byte) bool {
	return slices.ContainsFunc(p.Actions, func(action string) bool { return bytes.HasPrefix(body, []byte(`{"action":"`+action+`"`)) })
}

// text is a member that is a text, else "". The same name is of another type in other details.
func text(raw json.RawMessage) string {
	var out string
	if len(raw) == 0 || json.Unmarshal(raw, &out) != nil {
		return ""
	}
	return out
}

// texts is a member that is a list of texts, else nothing.
func texts(raw json.RawMessage) []string {
	var out []string
	if len(raw) == 0 || json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}

func ofPowers(raw json.RawMessage) []string {
	var powers []struct {
		Procedure string `json:"procedure"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &powers) != nil {
		return nil
	}
	var out []string
	for _, p := range powers {
		out = append(out, p.Procedure)
	}
	return out
}

// Census counts a population, place by place in their order, and chooses from it.
type Census struct {
	Count  int64
	hash   hash.Hash
	choice *Choice
}

// NewCensus counts for a draw.
func NewCensus(c *Choice) *Census {
	h := sha256.New()
	h.Write([]byte(populationDomain))
	return &Census{hash: h, choice: c}
}

// Add takes the next place of the population.
func (c *Census) Add(place int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(place)) //nolint:gosec // places are not negative
	c.hash.Write(b[:])
	c.Count++
	c.choice.add(place)
}

// Sum is the SHA-256 over all places.
func (c *Census) Sum() [sha256.Size]byte { return [sha256.Size]byte(c.hash.Sum(nil)) }
