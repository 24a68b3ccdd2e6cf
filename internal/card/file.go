package card

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"
)

const (
	linesMax = 5000    // in a file
	fileMax  = 2 << 20 // bytes
	seedMin  = 16      // bytes, RFC 4226 §4
	seedMax  = 64
)

// What can be wrong with a line of a file of cards.
const (
	FaultColumns = "columns" // not two, parted by a semicolon
	FaultSerial  = "serial"  // not 4 to 40 letters, digits and hyphens
	FaultSeed    = "seed"    // not 16 to 64 bytes in hexadecimal
	FaultTwice   = "twice"   // the same serial number stands in a line before
	FaultKnown   = "known"   // the stock has it already
	FaultTooMany = "too_many"
)

// Fault is what is wrong with a line. It does not repeat it: seeds stand there.
type Fault struct {
	Line int // from 1
	What string
}

var serialForm = regexp.MustCompile(`^[A-Z0-9-]{4,40}$`)

type line struct {
	serial string
	seed   []byte
}

// readFile reads the lines of a file, by number.
func readFile(content []byte) (map[int]line, []Fault) {
	out, seen, faults := map[int]line{}, map[string]bool{}, []Fault(nil)
	scanner := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	for number := 1; scanner.Scan(); number++ {
		text := strings.TrimSpace(scanner.Text())
		if text == "" || number == 1 && strings.EqualFold(strings.ReplaceAll(text, " ", ""), "serial;seed") {
			continue
		}
		l, fault := readLine(text)
		switch {
		case fault == "" && seen[l.serial]:
			fault = FaultTwice
		case len(out) == linesMax:
			return out, append(faults, Fault{number, FaultTooMany})
		}
		if fault != "" {
			faults = append(faults, Fault{number, fault})
			continue
		}
		out[number], seen[l.serial] = l, true
	}
	if scanner.Err() != nil { // a line of more than 64 KiB
		faults = append(faults, Fault{1, FaultColumns})
	}
	return out, faults
}

func readLine(text string) (line, string) {
	serial, seed, two := strings.Cut(text, ";")
	if !two || strings.Contains(seed, ";") {
		return line{}, FaultColumns
	}
	l := line{serial: strings.ToUpper(strings.Trim(serial, ` "`))}
	if !serialForm.MatchString(l.serial) {
		return l, FaultSerial
	}
	var err error
	if l.seed, err = hex.DecodeString(strings.Trim(seed, ` "`)); err != nil || len(l.seed) < seedMin || len(l.seed) > seedMax {
		return l, FaultSeed
	}
	return l, ""
}
