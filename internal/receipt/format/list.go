package format

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// The statuses that our lists say, of two bits each.
const (
	Valid   uint8 = 0 // all of it stands, as written
	Invalid uint8 = 1 // nothing of it stands any more, for ever
	Hold    uint8 = 2 // auditors suspended the mandate, and may lift that (SUSPENDED in the draft)
	Partial uint8 = 3 // application-specific: of several powers some have ended before their time, and each has a place of its own
)

const (
	bitsEach = 2
	maxList  = 1 << 20 // bytes of a list when it is unpacked
	maxToken = 2 << 20 // bytes of the whole token
)

// ErrExpired says that a status list is too old to tell anything.
var ErrExpired = errors.New("the status list is too old")

// Claims are the claims of a status list token.
type Claims struct {
	Subject  string `json:"sub"` // the list's own URI
	IssuedAt int64  `json:"iat"`
	Expiry   int64  `json:"exp"`
	TTL      int64  `json:"ttl"` // seconds for which it may be kept
	Statuses Packed `json:"status_list"`
}

// Packed is a list as it stands in the token.
type Packed struct {
	Bits int    `json:"bits"` // of each status: 1, 2, 4 or 8
	List string `json:"lst"`  // zlib (RFC 1950), base64url
}

// Pack makes a list of so many places. Those that are not named are Valid.
func Pack(places int, statuses map[int]uint8) (Packed, error) {
	list := make([]byte, places*bitsEach/8)
	for place, status := range statuses {
		if place < 0 || place >= places || status >= 1<<bitsEach {
			return Packed{}, fmt.Errorf("pack status list: no place %d, or no status %d", place, status)
		}
		at := place * bitsEach
		list[at/8] |= status << (at % 8)
	}
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		return Packed{}, fmt.Errorf("pack status list: %w", err)
	}
	if _, err = w.Write(list); err == nil {
		err = w.Close()
	}
	if err != nil {
		return Packed{}, fmt.Errorf("pack status list: %w", err)
	}
	return Packed{bitsEach, base64.RawURLEncoding.EncodeToString(out.Bytes())}, nil
}

// List is a status list that was opened.
type List struct {
	URI              string
	IssuedAt, Expiry time.Time
	bits             int
	statuses         []byte
}

// OpenList opens a status list token that one of these keys signed, if it can be relied on at this time: ErrExpired when it cannot any more. Its other
// errors are those of Open.
func OpenList(text string, keys jose.JSONWebKeySet, now time.Time) (List, error) {
	if len(text) > maxToken {
		return List{}, ErrMalformed
	}
	payload, err := open(text, ListType, keys)
	if err != nil {
		return List{}, err
	}
	var c Claims
	if json.Unmarshal(payload, &c) != nil || c.Subject == "" || c.IssuedAt <= 0 || c.Expiry <= c.IssuedAt {
		return List{}, ErrClaims
	}
	out := List{URI: c.Subject, IssuedAt: seconds(c.IssuedAt), Expiry: seconds(c.Expiry), bits: c.Statuses.Bits}
	if out.statuses, err = c.Statuses.unpack(); err != nil {
		return List{}, err
	}
	if !now.Before(out.Expiry) {
		return List{}, ErrExpired
	}
	return out, nil
}

// unpack returns the bytes of a list, as many as we would ever make.
func (p Packed) unpack() ([]byte, error) {
	if p.Bits != 1 && p.Bits != 2 && p.Bits != 4 && p.Bits != 8 {
		return nil, ErrClaims
	}
	packed, err := base64.RawURLEncoding.DecodeString(p.List)
	if err != nil {
		return nil, ErrClaims
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, ErrClaims
	}
	list, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil || len(list) > maxList {
		return nil, ErrClaims
	}
	return list, nil
}

// At returns the status at a place, false when the list does not reach so far.
func (l List) At(place int) (uint8, bool) {
	if l.bits == 0 || place < 0 || place/(8/l.bits) >= len(l.statuses) {
		return 0, false
	}
	each := 8 / l.bits
	return l.statuses[place/each] >> (place % each * l.bits) & (1<<l.bits - 1), true
}
