package card

import "testing"

// Whatever an uploaded file holds, each line is a card or a fault, and no card is there twice.
func FuzzReadFile(f *testing.F) {
	f.Add([]byte("serial;seed\nGADT0001;000102030405060708090a0b0c0d0e0f10111213\n"))
	f.Add([]byte("\ufeffGADT0001;00\r\n;;\n\"a\";\"b\"\n\x00;\xff"))
	f.Fuzz(func(t *testing.T, content []byte) {
		lines, faults := readFile(content)
		seen := map[string]bool{}
		for number, l := range lines {
			if seen[l.serial] || !serialForm.MatchString(l.serial) || len(l.seed) < seedMin || len(l.seed) > seedMax || number < 1 {
				t.Errorf("line %d: %q with %d bytes", number, l.serial, len(l.seed))
			}
			seen[l.serial] = true
		}
		for _, fault := range faults {
			if _, both := lines[fault.Line]; both && fault.What != FaultColumns {
				t.Errorf("line %d is a card and %s", fault.Line, fault.What)
			}
		}
	})
}
