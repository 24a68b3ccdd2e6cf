package attestation

import "mandat/internal/qr"

// Code is a QR code to draw as SVG.
type Code = qr.Code

// NewCode makes the QR code of an address.
func NewCode(address string) (Code, error) { return qr.New(address) }
