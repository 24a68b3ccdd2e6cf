package verify

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"mandat/internal/journal/format"
)

// lineReader passes on the lines of one file of entries after the other. It is used again and again, so that it allocates once.
type lineReader struct {
	zip    *zstd.Decoder
	buffer []byte
}

func (r *lineReader) release() {
	if r.zip != nil {
		r.zip.Close()
	}
}

// Errors of read, beside those of the reader below and of each.
var (
	errNotZstd  = errors.New("not zstd")
	errLongLine = errors.New("has a line longer than any entry's")
)

// read passes each line to each, where it lies in the buffer, and returns what stands behind the last one.
func (r *lineReader) read(ctx context.Context, from io.Reader, form format.Form, each func([]byte) error) (rest []byte, err error) {
	if r.buffer == nil {
		r.buffer = make([]byte, 2*format.MaxLine)
	}
	if form.Zipped() {
		if err := r.unzip(from); err != nil {
			return nil, errors.Join(errNotZstd, err)
		}
		from = r.zip
	}
	start, end := 0, 0
	for {
		n, readErr := from.Read(r.buffer[end:])
		end += n
		for {
			length := bytes.IndexByte(r.buffer[start:end], '\n')
			if length < 0 {
				break
			}
			if err := each(r.buffer[start : start+length]); err != nil {
				return nil, err
			}
			start += length + 1
		}
		if errors.Is(readErr, io.EOF) {
			return r.buffer[start:end], nil
		}
		if readErr != nil && form.Zipped() {
			return nil, damaged{readErr}
		}
		if readErr != nil {
			return nil, readErr
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		start, end = 0, copy(r.buffer, r.buffer[start:end])
		if end == len(r.buffer) {
			return nil, errLongLine
		}
	}
}

// damaged says that a file cannot be read on.
type damaged struct{ error }

func (r *lineReader) unzip(from io.Reader) (err error) {
	if r.zip == nil {
		r.zip, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(format.MaxWindow),
			zstd.IgnoreChecksum(true)) // what is in it is checked by better hashes
		if err != nil {
			return err
		}
	}
	return r.zip.Reset(from)
}

// blame turns an error of read into a fault at the entry that was awaited.
func blame(next int64, err error) error {
	if d, ok := errors.AsType[damaged](err); ok {
		return faultAt(next, "is in a damaged part of its file: %v", d.error)
	}
	switch {
	case errors.Is(err, errNotZstd):
		return faultAt(next, "is in a file that cannot be decompressed: %v", err)
	case errors.Is(err, errLongLine):
		return faultAt(next, "%v", errLongLine)
	}
	return err
}
