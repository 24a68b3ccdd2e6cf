package journal

import (
	"encoding/hex"

	"github.com/google/uuid"
)

// Pseudonym is an id as auditors read it: its last 48 bits, which are chance (its first ones are a time), in groups of four digits that stay
// together on a line. It tells two people apart for the eye; what is looked for is the whole id.
func Pseudonym(id uuid.UUID) string {
	const gap = "\u00a0"
	digits := hex.EncodeToString(id[10:])
	return digits[:4] + gap + digits[4:8] + gap + digits[8:]
}
