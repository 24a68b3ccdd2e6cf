package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// FileEntries is the number of entries in a file of an export: a perfect subtree, so that files are checked apart.
const FileEntries = 65536

// KeptWithin is the most entries between two checkpoints that are kept, before the first, and after the last.
const KeptWithin = FileEntries

// What a reader of an export must keep in memory to decompress it: as it is written, and at the most.
const (
	ExportWindow = 256 << 10
	MaxWindow    = 4 << 20 // exports of before had a window of 1 MiB
)

// Names in an export. Those with a %08d are one for each 65,536 entries, numbered from 0. Tiles of the tree have the paths that the site
// shows them under (TilePath).
const (
	ReadmeName      = "README.txt"
	KeyName         = "log.vkey"
	PolicyName      = "policy"
	RequestName     = "request.json"
	CheckpointName  = "checkpoint"
	EntriesName     = "entries/%08d.zst"
	HashesName      = "hashes/%08d"
	CheckpointsName = "checkpoints/%08d"
	TimestampsName  = "timestamps/%d.tsr" // of the checkpoint kept of a tree of this size
	SumsName        = "SHA256SUMS"        // the last that is written: an export without it is not finished, or of before there was one
)

// TimestampName is the name of the timestamp (RFC 3161, DER) of the checkpoint that was kept of a tree of this size.
func TimestampName(size int64) string { return fmt.Sprintf(TimestampsName, size) }

// ParseTimestampName reads a name in exactly the form that TimestampName writes.
func ParseTimestampName(name string) (size int64, ok bool) {
	text, ok := strings.CutPrefix(name, "timestamps/")
	text, ok2 := strings.CutSuffix(text, ".tsr")
	size, err := ParseIndex(text)
	return size, ok && ok2 && err == nil
}

// Form says how the entries of an export are written; it is what the names of their files end with.
type Form string

// The forms.
const (
	FormLines   Form = "zst"       // lines of AppendLine, compressed with zstd
	FormJSON    Form = "jsonl"     // JSON Lines of AppendJSON
	FormJSONZip Form = "jsonl.zst" // the same, compressed with zstd
)

// Zipped says whether the files are compressed.
func (f Form) Zipped() bool { return f != FormJSON }

// JSON says whether lines are JSON.
func (f Form) JSON() bool { return f != FormLines }

// Pattern is the name of a file of entries, with %08d for its number.
func (f Form) Pattern() string { return "entries/%08d." + string(f) }

// Name is the name of a file of entries.
func (f Form) Name(number int64) string { return fmt.Sprintf(f.Pattern(), number) }

// Request is what was asked of an export. It stands in it, so that who checks it knows what it should hold, and an interrupted one goes on
// as it began.
type Request struct {
	Form   Form   `json:"form"`
	From   int64  `json:"from,omitempty"`  // index of the first entry
	To     int64  `json:"to,omitempty"`    // index of the first entry that is not asked for; 0: as far as the checkpoint goes
	Since  string `json:"since,omitempty"` // the time of which From is the index, as entries have it
	Until  string `json:"until,omitempty"` // the same for To
	Filter Filter `json:"filter,omitzero"`
}

// Filter says which of the entries were asked for: those with all of these members. What is "" asks for nothing.
type Filter struct {
	Action       string `json:"action,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	Person       string `json:"person,omitempty"` // who did it
	Citizen      string `json:"citizen,omitempty"`
	Mandate      string `json:"mandate,omitempty"`
}

// Sorts are the names of the members that are asked for.
func (f Filter) Sorts() []string {
	var out []string
	for _, m := range []struct{ name, value string }{{"action", f.Action}, {"citizen", f.Citizen}, {"mandate", f.Mandate}, {"organisation", f.Organisation}, {"person", f.Person}} {
		if m.value != "" {
			out = append(out, m.name)
		}
	}
	return out
}

// End is the index of the first entry that is not asked for, of a log of this size.
func (r Request) End(size int64) int64 {
	if r.To <= 0 || r.To > size {
		return size
	}
	return r.To
}

// Whole says whether a log of this size was asked for as a whole.
func (r Request) Whole(size int64) bool {
	return r.From <= 0 && r.End(size) == size && r.Filter == Filter{}
}

// Text is the file.
func (r Request) Text() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // texts and numbers
	}
	return append(b, '\n')
}

// maxRequest is the most bytes that a request has.
const maxRequest = 2000

var errRequest = errors.New(RequestName + " is not what an export was asked for")

// ParseRequest reads the file in exactly the form that Text writes.
func ParseRequest(text []byte) (Request, error) {
	var r Request
	if len(text) > maxRequest || json.Unmarshal(text, &r) != nil || !bytes.Equal(r.Text(), text) {
		return Request{}, errRequest
	}
	switch r.Form {
	case FormLines, FormJSON, FormJSONZip:
	default:
		return Request{}, errRequest
	}
	if r.From < 0 || r.From > MaxIndex || r.To < 0 || r.To > MaxIndex || r.To > 0 && r.To < r.From {
		return Request{}, errRequest
	}
	return r, nil
}
