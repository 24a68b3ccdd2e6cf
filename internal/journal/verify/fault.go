package verify

import (
	"errors"
	"fmt"
	"regexp"
)

// Fault is where a log stops being what its signatures say.
type Fault struct {
	Index  int64  // of the first entry that does not fit; -1: no single entry is to blame
	Last   int64  // the fault lies between Index and Last, both included; equal when the entry is known
	Action string // of that entry, when its line can be read
	File   string // of the export, or tile of the site, that does not fit as a whole; "": What says it all
	What   string // what does not fit
}

// Error says which entry does not fit, and why.
func (f *Fault) Error() string {
	switch {
	case f.Index < 0:
		return f.What
	case f.Last > f.Index:
		return fmt.Sprintf("entries %d to %d: %s", f.Index, f.Last, f.What)
	case f.Action != "":
		return fmt.Sprintf("entry %d (%s): %s", f.Index, f.Action, f.What)
	}
	return fmt.Sprintf("entry %d: %s", f.Index, f.What)
}

// AsFault returns the fault in an error of Log or Proof. Without one, what was to be checked could not be read.
func AsFault(err error) (*Fault, bool) { return errors.AsType[*Fault](err) }

func faultAt(index int64, format string, args ...any) *Fault {
	return &Fault{Index: index, Last: index, What: fmt.Sprintf(format, args...)}
}

func faultIn(format string, args ...any) *Fault {
	return &Fault{Index: -1, Last: -1, What: fmt.Sprintf(format, args...)}
}

var actionMember = regexp.MustCompile(`"action":"([a-z]+\.[a-z_]+)"`)

// actionOf finds the action in a line that may be damaged.
func actionOf(line []byte) string {
	if m := actionMember.FindSubmatch(line); m != nil {
		return string(m[1])
	}
	return ""
}
