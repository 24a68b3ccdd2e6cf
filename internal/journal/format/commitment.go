package format

import "crypto/sha256"

// Version is the first byte of what is hashed. It changes if the canonical form ever does.
const Version = 1

// Hash is a SHA-256: of an entry (its commitment), of a leaf, of a node of the tree.
type Hash [sha256.Size]byte

// TimeFormat is how times stand in entries: UTC, always six decimals.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// SaltSize is the number of random bytes that are hashed with an entry.
const SaltSize = 32

// Commitment is what the log holds of an entry: SHA-256(Version ‖ 32 random bytes ‖ canonical entry). It can be published:
// without the random bytes nobody can tell, or guess and confirm, which entry it is of.
func Commitment(salt [SaltSize]byte, body []byte) Hash {
	h := sha256.New()
	h.Write([]byte{Version})
	h.Write(salt[:])
	h.Write(body)
	return Hash(h.Sum(nil))
}

// LeafHash is the hash of a leaf of the tree, whose content is a commitment: SHA-256(0x00 ‖ commitment) (RFC 6962
// section 2.1).
func LeafHash(commitment Hash) Hash {
	b := [1 + len(commitment)]byte{0}
	copy(b[1:], commitment[:])
	return sha256.Sum256(b[:])
}

// NodeHash is the hash of an inner node of the tree: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 section 2.1).
func NodeHash(left, right Hash) Hash {
	b := [1 + 2*len(left)]byte{1}
	copy(b[1:], left[:])
	copy(b[1+len(left):], right[:])
	return sha256.Sum256(b[:])
}
