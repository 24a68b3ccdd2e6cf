package format

import (
	"bytes"
	"encoding/base64"
	"errors"
)

// StampedName is where a site shows its newest timestamp, below the log's address.
const StampedName = "timestamp"

// MaxStamped is the most bytes that AppendStamped writes.
const MaxStamped = MaxCheckpoint + 64<<10

// AppendStamped writes a signed checkpoint and the timestamp of its text (RFC 3161, DER): the note, a blank line, the timestamp in base64.
func AppendStamped(b, signed, token []byte) []byte {
	b = append(append(b, signed...), '\n')
	return append(base64.StdEncoding.AppendEncode(b, token), '\n')
}

// ParseStamped reads what AppendStamped writes. It checks neither.
func ParseStamped(b []byte) (signed, token []byte, err error) {
	at := bytes.LastIndex(b, []byte("\n\n"))
	if at < 0 || !bytes.HasSuffix(b, []byte("\n")) || len(b) > MaxStamped {
		return nil, nil, errors.New("not a checkpoint with its timestamp")
	}
	token, err = base64.StdEncoding.Strict().DecodeString(string(b[at+2 : len(b)-1]))
	if err != nil || len(token) == 0 {
		return nil, nil, errors.New("not a checkpoint with its timestamp")
	}
	return b[:at+1], token, nil
}
