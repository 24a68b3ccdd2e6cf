package draw

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// What tells the hashes of a draw from all others.
const (
	seedDomain       = "mandat-sample-v1"
	placeDomain      = "mandat-sample-v1 place\n"
	populationDomain = "mandat-sample-v1 population\n"
)

// Seed is what a draw is made from.
type Seed [sha256.Size]byte

// seedText is what is hashed: lines, each with its line feed.
func seedText(o Placed, m Moment, share Share) string {
	var b strings.Builder
	line := func(s string) { b.WriteString(s + "\n") }
	line(seedDomain)
	line(strconv.FormatInt(o.Place, 10))
	line(base64.StdEncoding.EncodeToString(o.Commitment[:]))
	b.WriteString(m.Drawn.Text())
	for _, c := range m.Cosignatures {
		line(base64.StdEncoding.EncodeToString(c.Raw))
	}
	line(base64.StdEncoding.EncodeToString(m.Stamp.Signature))
	if share == "" {
		share = "-"
	}
	line(string(share))
	return b.String()
}

// SeedOf is the seed of an order's draw. It returns ErrShare when the share is not the order's.
func SeedOf(o Placed, m Moment, share Share) (Seed, error) {
	if err := o.admits(share); err != nil {
		return Seed{}, err
	}
	return sha256.Sum256([]byte(seedText(o, m, share))), nil
}
