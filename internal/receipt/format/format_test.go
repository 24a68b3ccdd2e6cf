package format

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// signer is a key, and the set that publishes it.
type signer struct {
	key *ecdsa.PrivateKey
	set jose.JSONWebKeySet
}

func newSigner(t testing.TB, kid string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: kid, Algorithm: "ES256", Use: "sig"}}}}
}

func (s signer) sign(t testing.TB, typ string, claims any) string {
	t.Helper()
	out, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.key, KeyID: s.set.Keys[0].KeyID}}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	payload, ok := claims.(string)
	if !ok {
		b, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		payload = string(b)
	}
	signed, err := out.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// receipt is a citizen's, of two powers.
func receipt() Receipt {
	from, until := now.Add(-time.Hour).Unix(), now.Add(24*time.Hour).Unix()
	at := func(i int) *Status { return &Status{Place{i, "https://mandat.exemple.invalid/recus/statuts/1"}} }
	return Receipt{Issuer: "https://mandat.exemple.invalid/recus", ID: "1", IssuedAt: from, Expiry: until, Citizen: &Citizen{GivenName: "Camille", FamilyName: "FICTIF", Birthdate: "1962-08-24"},
		Organisation: Organisation{"21750001600019", "Maison France Services de démonstration"}, Catalogue: "2026-11-1", IdentifiedBy: "known",
		Powers: []Power{{"a", "act", "", from, until, at(1)}, {"b", "see", "12", from, until, at(2)}}, Status: *at(0)}
}

func TestOpen_ReadsWhatWasSigned(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "k")
	want := receipt()
	got, err := Open(s.sign(t, ReceiptType, want), s.set)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if !slices.Equal(got.Places(), []Place{want.Status.List, want.Powers[0].Status.List, want.Powers[1].Status.List}) {
		t.Error(got.Places())
	}
}

// Whatever character is replaced by another one, nothing is taken for a receipt: not even where base64url has bits to spare.
func TestOpen_RefusesEveryChangedByte(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "k")
	text := s.sign(t, ReceiptType, receipt())
	for i := range text {
		for _, c := range []byte("AB9_. \n=") {
			if text[i] == c {
				continue
			}
			changed := text[:i] + string(c) + text[i+1:]
			if r, err := Open(changed, s.set); err == nil || r.Issuer != "" {
				t.Fatalf("byte %d, %q instead of %q: %v", i, c, text[i], err)
			}
		}
	}
	for i := range text { // a neighbour in the alphabet differs in the last bit alone
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		if at := strings.IndexByte(alphabet, text[i]); at >= 0 {
			if _, err := Open(text[:i]+string(alphabet[at^1])+text[i+1:], s.set); err == nil {
				t.Fatalf("byte %d: its last bit does not count", i)
			}
		}
	}
}

func TestOpen_Refuses(t *testing.T) {
	t.Parallel()
	s, other := newSigner(t, "k"), newSigner(t, "k")
	good := s.sign(t, ReceiptType, receipt())
	parts := strings.Split(good, ".")
	encode := func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }
	hmac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte("a secret of thirty-two bytes long")}, (&jose.SignerOptions{}).WithType(ReceiptType).WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(receipt())
	mac, err := hmac.Sign(b)
	if err != nil {
		t.Fatal(err)
	}
	macText, _ := mac.CompactSerialize()
	secret := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: []byte("a secret of thirty-two bytes long"), KeyID: "k"}}}
	for name, c := range map[string]struct {
		text string
		keys jose.JSONWebKeySet
		want error
	}{
		"alg none":               {encode(`{"alg":"none","typ":"mandate-receipt+jwt","kid":"k"}`) + "." + parts[1] + ".", s.set, ErrMalformed},
		"alg none, signed":       {encode(`{"alg":"none","typ":"mandate-receipt+jwt","kid":"k"}`) + "." + parts[1] + "." + parts[2], s.set, ErrMalformed},
		"HS256":                  {macText, secret, ErrMalformed},
		"no typ":                 {s.sign(t, "", receipt()), s.set, ErrType},
		"typ JWT":                {s.sign(t, "JWT", receipt()), s.set, ErrType},
		"typ of a list":          {s.sign(t, ListType, receipt()), s.set, ErrType},
		"another key":            {good, other.set, ErrSignature},
		"another kid":            {good, newSigner(t, "l").set, ErrKey},
		"no key":                 {good, jose.JSONWebKeySet{}, ErrKey},
		"another's claims":       {parts[0] + "." + encode(`{}`) + "." + parts[2], s.set, ErrSignature},
		"two parts":              {parts[0] + "." + parts[1], s.set, ErrMalformed},
		"JSON serialization":     {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, s.set, ErrMalformed},
		"a line break":           {good[:20] + "\n" + good[20:], s.set, ErrMalformed},
		"padding":                {good + "=", s.set, ErrMalformed},
		"too long":               {strings.Repeat("a", MaxReceipt+1), s.set, ErrMalformed},
		"no JSON":                {s.sign(t, ReceiptType, "x"), s.set, ErrClaims},
		"a list":                 {s.sign(t, ReceiptType, "[]"), s.set, ErrClaims},
		"claims in other letter": {s.sign(t, ReceiptType, strings.Replace(string(b), `"iss"`, `"ISS"`, 1)), s.set, ErrClaims},
		"a claim twice":          {s.sign(t, ReceiptType, strings.Replace(string(b), `"iss"`, `"iss":"https://ailleurs.invalid","iss"`, 1)), s.set, ErrClaims},
	} {
		if got, err := Open(c.text, c.keys); !errors.Is(err, c.want) || got.Issuer != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpen_WantsEveryClaim(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "k")
	for name, change := range map[string]func(*Receipt){
		"iss": func(r *Receipt) { r.Issuer = "" }, "jti": func(r *Receipt) { r.ID = "" }, "iat": func(r *Receipt) { r.IssuedAt = 0 }, "exp": func(r *Receipt) { r.Expiry = 0 },
		"exp before iat": func(r *Receipt) { r.Expiry = r.IssuedAt }, "siret": func(r *Receipt) { r.Organisation.SIRET = "" }, "powers": func(r *Receipt) { r.Powers = nil },
		"procedure": func(r *Receipt) { r.Powers[0].Procedure = "" }, "level": func(r *Receipt) { r.Powers[1].Level = "" }, "from": func(r *Receipt) { r.Powers[0].From = 0 },
		"until before from": func(r *Receipt) { r.Powers[0].Until = r.Powers[0].From }, "until after exp": func(r *Receipt) { r.Powers[0].Until = r.Expiry + 1 },
		"status": func(r *Receipt) { r.Status = Status{} }, "negative place": func(r *Receipt) { r.Status.List.Index = -1 }, "a power's status": func(r *Receipt) { r.Powers[1].Status = nil },
		"a power's list": func(r *Receipt) { r.Powers[1].Status = &Status{} }, "whose": func(r *Receipt) { r.Citizen = nil }, "both kinds": func(r *Receipt) { r.Audience = "impots" },
	} {
		r := receipt()
		change(&r)
		if _, err := Open(s.sign(t, ReceiptType, r), s.set); !errors.Is(err, ErrClaims) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The two lists that the specification shows, with their packed form.
func TestList_IsTheSpecificationsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		packed Packed
		want   []uint8
	}{
		{Packed{1, "eNrbuRgAAhcBXQ"}, []uint8{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1}},
		{Packed{2, "eNo76fITAAPfAgc"}, []uint8{1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3}},
	} {
		list, err := c.packed.unpack()
		if err != nil {
			t.Fatal(err)
		}
		l := List{bits: c.packed.Bits, statuses: list}
		for i, want := range c.want {
			if got, ok := l.At(i); got != want || !ok {
				t.Errorf("%d bits, place %d: %d", c.packed.Bits, i, got)
			}
		}
		for _, out := range []int{-1, len(c.want)} {
			if _, ok := l.At(out); ok {
				t.Errorf("%d bits: there is a place %d", c.packed.Bits, out)
			}
		}
	}
}

func TestPack_IsWhatAListSays(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "k")
	want := map[int]uint8{0: Invalid, 1: Partial, 2: Valid, 3: Invalid, 131071: Invalid, 70000: Partial}
	packed, err := Pack(1<<17, want)
	if err != nil {
		t.Fatal(err)
	}
	text := s.sign(t, ListType, Claims{"https://mandat.exemple.invalid/recus/statuts/1", now.Unix(), now.Add(time.Hour).Unix(), 2, packed})
	l, err := OpenList(text, s.set, now)
	if err != nil || len(l.statuses) != 1<<15 || !l.IssuedAt.Equal(now) {
		t.Fatal(l, err)
	}
	for i := range 1 << 17 {
		if got, ok := l.At(i); !ok || got != want[i] {
			t.Fatalf("place %d: %d", i, got)
		}
	}
	for _, wrong := range []map[int]uint8{{-1: 1}, {16: 1}, {0: 4}} {
		if _, err := Pack(16, wrong); err == nil {
			t.Errorf("%v is packed", wrong)
		}
	}
}

func TestOpenList_Refuses(t *testing.T) {
	t.Parallel()
	s, other := newSigner(t, "k"), newSigner(t, "k")
	packed, err := Pack(16, nil)
	if err != nil {
		t.Fatal(err)
	}
	good := Claims{"https://mandat.exemple.invalid/recus/statuts/1", now.Unix(), now.Add(time.Hour).Unix(), 2, packed}
	with := func(change func(*Claims)) string {
		c := good
		change(&c)
		return s.sign(t, ListType, c)
	}
	bomb, err := Pack(maxList*8/bitsEach+8, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"another key":      {other.sign(t, ListType, good), ErrSignature},
		"another type":     {s.sign(t, ReceiptType, good), ErrType},
		"no sub":           {with(func(c *Claims) { c.Subject = "" }), ErrClaims},
		"no iat":           {with(func(c *Claims) { c.IssuedAt = 0 }), ErrClaims},
		"no exp":           {with(func(c *Claims) { c.Expiry = 0 }), ErrClaims},
		"expired":          {with(func(c *Claims) { c.IssuedAt, c.Expiry = now.Unix()-10, now.Unix() }), ErrExpired},
		"three bits":       {with(func(c *Claims) { c.Statuses.Bits = 3 }), ErrClaims},
		"no bits":          {with(func(c *Claims) { c.Statuses.Bits = 0 }), ErrClaims},
		"not packed":       {with(func(c *Claims) { c.Statuses.List = "AAAA" }), ErrClaims},
		"not base64url":    {with(func(c *Claims) { c.Statuses.List = "?" }), ErrClaims},
		"cut off":          {with(func(c *Claims) { c.Statuses.List = c.Statuses.List[:6] }), ErrClaims},
		"far too large":    {with(func(c *Claims) { c.Statuses = bomb }), ErrClaims},
		"a token too long": {strings.Repeat("a", maxToken+1), ErrMalformed},
		"no JSON":          {s.sign(t, ListType, "x"), ErrClaims},
	} {
		if l, err := OpenList(c.text, s.set, now); !errors.Is(err, c.want) || l.URI != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	r := receipt()
	whole, first, second := r.Status.List, r.Powers[0].Status.List, r.Powers[1].Status.List
	early, late := time.Unix(r.Powers[0].From-1, 0), time.Unix(r.Expiry, 0)
	one := receipt()
	one.Powers = one.Powers[:1]
	one.Powers[0].Status = nil
	for name, c := range map[string]struct {
		of    Receipt
		at    time.Time
		lists map[Place]uint8
		want  []Standing
	}{
		"all stands":               {r, now, map[Place]uint8{whole: Valid, first: Valid, second: Valid}, []Standing{Stands, Stands}},
		"one ended":                {r, now, map[Place]uint8{whole: Partial, first: Invalid, second: Valid}, []Standing{Ended, Stands}},
		"ended":                    {r, now, map[Place]uint8{whole: Invalid, first: Invalid, second: Invalid}, []Standing{Ended, Ended}},
		"the whole alone is known": {r, now, map[Place]uint8{whole: Invalid}, []Standing{Ended, Ended}},
		"the whole says nothing":   {r, now, map[Place]uint8{whole: Valid}, []Standing{Unknown, Unknown}},
		"a status of tomorrow":     {r, now, map[Place]uint8{whole: Valid, first: 4, second: Valid}, []Standing{Ended, Stands}},
		"suspended":                {r, now, map[Place]uint8{whole: Hold, first: Hold, second: Hold}, []Standing{Suspended, Suspended}},
		"suspended, the whole":     {r, now, map[Place]uint8{whole: Hold}, []Standing{Suspended, Suspended}},
		"suspended, one ended":     {r, now, map[Place]uint8{whole: Hold, first: Invalid, second: Hold}, []Standing{Ended, Suspended}},
		"suspended before":         {r, early, map[Place]uint8{whole: Hold, first: Hold, second: Hold}, []Standing{Suspended, Suspended}},
		"suspended and over":       {r, late, map[Place]uint8{whole: Hold, first: Hold, second: Hold}, []Standing{Over, Over}},
		"one power, suspended":     {one, now, map[Place]uint8{whole: Hold}, []Standing{Suspended}},
		"nothing is known":         {r, now, nil, []Standing{Unknown, Unknown}},
		"before":                   {r, early, map[Place]uint8{first: Valid, second: Invalid}, []Standing{Scheduled, Ended}},
		"before, unknown":          {r, early, nil, []Standing{Scheduled, Scheduled}},
		"after":                    {r, late, map[Place]uint8{whole: Valid, first: Valid, second: Valid}, []Standing{Over, Over}},
		"a second earlier":         {r, late.Add(-time.Second), map[Place]uint8{first: Valid, second: Valid}, []Standing{Stands, Stands}},
		"one power":                {one, now, map[Place]uint8{whole: Valid}, []Standing{Stands}},
		"one power, ended":         {one, now, map[Place]uint8{whole: Invalid}, []Standing{Ended}},
		"one power, in part":       {one, now, map[Place]uint8{whole: Partial}, []Standing{Ended}},
		"one power, unknown":       {one, now, nil, []Standing{Unknown}},
	} {
		got := c.of.Judge(c.at, func(p Place) (uint8, bool) { s, ok := c.lists[p]; return s, ok })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v (%v)", name, got, c.want, slices.Collect(maps.Keys(c.lists)))
		}
	}
}

func TestParseKeys(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", "[]", `{"keys":[]}`, `{"keys":[{"kty":"x"}]}`, "x"} {
		if set, err := ParseKeys([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, set)
		}
	}
}

// Nothing that anybody may send makes it stop, and nothing but what was signed is taken.
func FuzzOpen(f *testing.F) {
	s := newSigner(f, "k")
	good := s.sign(f, ReceiptType, receipt())
	for _, seed := range []string{good, "", "..", "a.b.c", good + ".", strings.Replace(good, ".", "", 1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := Open(text, s.set); err == nil && (text != good && !reflect.DeepEqual(r, receipt())) {
			t.Errorf("%q is taken", text)
		}
		if _, err := OpenList(text, s.set, now); err == nil {
			t.Errorf("%q is taken for a list", text)
		}
	})
}
