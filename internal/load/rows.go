package load

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// rows builds what COPY reads, after copyHeader: rows in PostgreSQL's binary format. Columns are written in the order of the statement that reads them.
type rows struct{ b []byte }

var copyHeader = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// row begins a row of so many columns.
func (r *rows) row(columns int) {
	r.b = binary.BigEndian.AppendUint16(r.b, uint16(columns)) //nolint:gosec // some ten
}

// end returns what was built, whole.
func (r *rows) end() []byte { return append(r.b, 0xff, 0xff) }

func (r *rows) bytes(v []byte) {
	r.b = append(binary.BigEndian.AppendUint32(r.b, uint32(len(v))), v...) //nolint:gosec // some thousand
}

func (r *rows) text(v string) {
	r.b = append(binary.BigEndian.AppendUint32(r.b, uint32(len(v))), v...) //nolint:gosec // as above
}

func (r *rows) id(v uuid.UUID) { r.bytes(v[:]) }

func (r *rows) int4(v int) {
	r.b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(r.b, 4), uint32(v)) //nolint:gosec // small
}

func (r *rows) int8(v int64) {
	r.b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(r.b, 8), uint64(v)) //nolint:gosec // two's complement is the format
}

func (r *rows) bool(v bool) {
	r.b = append(r.b, 0, 0, 0, 1, 0)
	if v {
		r.b[len(r.b)-1] = 1
	}
}

// epoch is PostgreSQL's, from which it counts microseconds.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func (r *rows) time(v time.Time) { r.int8(v.UnixMicro() - epoch) }
