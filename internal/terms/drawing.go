package terms

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"mandat/internal/evidence"
)

// ErrDrawing says that a drawing is none that a page of ours makes: too large, too small to be a signature, or not written as it has to be.
var ErrDrawing = errors.New("the drawing cannot be read")

// A drawing lies on a field of these units. MaxDrawing is how many bytes its path may have, and leastDrawing how wide or high it is at least: a tap is no signature.
const (
	DrawingWidth  = 600
	DrawingHeight = 200
	MaxDrawing    = 20_000
	leastDrawing  = 30
)

// What is kept is a picture by itself: this, the path, and that. It says where the pen was, not when nor how hard it pressed.
const (
	drawingHead     = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 200"><path d="`
	drawingTail     = `" fill="none" stroke="#000" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>` + "\n"
	drawingTemplate = "drawn-1"
	drawingMedia    = "image/svg+xml"
	noLanguage      = "zxx" // BCP 47: no linguistic content
)

// Draw takes what the citizen drew into the agreement: an SVG path of strokes, each "M10 20" and one or more "L30 40", in whole numbers within the field, with nothing between
// and none in another spelling. It is a simple electronic signature, and proves nothing alone: whoever holds the screen can draw. Errors: ErrDrawing.
func (a *Agreement) Draw(path string) error {
	if !goodPath(path) {
		return ErrDrawing
	}
	a.Drawing = []byte(drawingHead + path + drawingTail)
	a.Drawn = sumOf(a.Drawing)
	return nil
}

// Signature returns what the citizen drew as it is kept and named by the terms, empty when they drew nothing.
func (a *Agreement) Signature() []evidence.Text {
	if a == nil || a.Drawing == nil {
		return nil
	}
	return []evidence.Text{{Lang: noLanguage, Form: evidence.Drawn, Template: drawingTemplate, MediaType: drawingMedia, Bytes: a.Drawing}}
}

// checkDrawing holds what was drawn to what the terms say of it.
func (a *Agreement) checkDrawing() error {
	if a.Drawn == "" && a.Drawing == nil {
		return nil
	}
	path, head := bytes.CutPrefix(a.Drawing, []byte(drawingHead))
	path, tail := bytes.CutSuffix(path, []byte(drawingTail))
	if !head || !tail || !goodPath(string(path)) || a.Drawn != sumOf(a.Drawing) {
		return ErrDrawing
	}
	return nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// goodPath reports whether a path is spelt as Draw says, and large enough to be a signature.
func goodPath(path string) bool {
	if len(path) > MaxDrawing || !strings.HasPrefix(path, "M") {
		return false
	}
	least, most := [2]int{DrawingWidth, DrawingHeight}, [2]int{}
	for stroke := range strings.SplitSeq(path[1:], "M") {
		points := strings.Split(stroke, "L")
		if len(points) < 2 {
			return false
		}
		for _, point := range points {
			x, y, ok := strings.Cut(point, " ")
			for i, n := range [2]string{x, y} {
				v, err := strconv.Atoi(n)
				if !ok || err != nil || strconv.Itoa(v) != n || v < 0 || v > [2]int{DrawingWidth, DrawingHeight}[i] {
					return false
				}
				least[i], most[i] = min(least[i], v), max(most[i], v)
			}
		}
	}
	return max(most[0]-least[0], most[1]-least[1]) >= leastDrawing
}
