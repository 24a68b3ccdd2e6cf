// Package qr draws QR codes (ISO/IEC 18004) for pages, as SVG paths: our content security policy lets no picture in that is not a file.
package qr

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the width of the white border that scanners need, in modules.
const quiet = 4

// Code is a QR code to draw as SVG: <path d="{{.Path}}"> in a viewBox of Side by Side, dark on white. The white border is
// in Side.
type Code struct {
	Side    int    // in modules
	Path    string // the dark modules
	Address string // what it says, for those who have nothing to scan it with
}

// New makes the QR code of an address. It bears a loss of 15 % (level M).
func New(address string) (Code, error) {
	img, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil {
		return Code{}, fmt.Errorf("make QR code: %w", err)
	}
	side := img.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		length := 0
		for x := range side + 1 {
			if x < side && color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y < 128 {
				length++
			} else if length > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x-length+quiet, y+quiet, length, length)
				length = 0
			}
		}
	}
	return Code{Side: side + 2*quiet, Path: path.String(), Address: address}, nil
}
