// Package public serves what anybody may see: the home page, the state of a mandate for who holds its attestation, the
// journal's checkpoint and tiles, and the pages the law asks for. None of them looks at who asks.
package public
