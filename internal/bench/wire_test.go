package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"time"
)

// wire speaks HTTP/1.1 to one server over connections that it keeps open. net/http's client costs three times as much, on
// the processors that the server has to share.
type wire struct {
	host string
	mu   sync.Mutex
	idle []*connection
}

type connection struct {
	net.Conn
	reader *bufio.Reader
	out    []byte
	since  time.Time // it has been idle
}

// reply is an answer as it was read.
type reply struct {
	status   int
	location string
	body     []byte
}

func newWire(url string) *wire { return &wire{host: strings.TrimPrefix(url, "http://")} }

// exchange sends a request on a connection that nobody else is using, and reads the whole answer. fields end with a line break.
func (w *wire) exchange(ctx context.Context, method, path, fields, body string) (reply, error) {
	c, err := w.take(ctx)
	if err != nil {
		return reply{}, err
	}
	c.out = append(append(append(append(c.out[:0], method...), ' '), path...), " HTTP/1.1\r\nHost: "...)
	c.out = append(append(append(c.out, w.host...), "\r\n"...), fields...)
	if body != "" {
		c.out = append(c.out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "...)
		c.out = append(strconv.AppendInt(c.out, int64(len(body)), 10), "\r\n"...)
	}
	c.out = append(append(c.out, "\r\n"...), body...)
	if _, err := c.Write(c.out); err != nil {
		return reply{}, errors.Join(err, c.Close())
	}
	a, last, err := c.read()
	if err != nil || last {
		return a, errors.Join(err, c.Close())
	}
	w.mu.Lock()
	c.since = time.Now()
	w.idle = append(w.idle, c)
	w.mu.Unlock()
	return a, nil
}

func (w *wire) take(ctx context.Context) (*connection, error) {
	if c := w.last(); c != nil {
		return c, c.SetDeadline(time.Now().Add(patience))
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", w.host)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, reader: bufio.NewReaderSize(c, 16<<10)}, c.SetDeadline(time.Now().Add(patience))
}

// last takes the connection that was used last, nil if there is none. The server closes those that nobody has used for a minute.
func (w *wire) last() *connection {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.idle)
	if n == 0 {
		return nil
	}
	c := w.idle[n-1]
	w.idle = w.idle[:n-1]
	if time.Since(c.since) > 30*time.Second { // and so all that are left
		for _, old := range append(w.idle, c) {
			_ = old.Close()
		}
		w.idle = nil
		return nil
	}
	return c
}

// patience is how long an answer is waited for.
const patience = 10 * time.Second

// read reads an answer (RFC 9112). last says that the server closes the connection.
func (c *connection) read() (a reply, last bool, err error) {
	line, err := c.line()
	if err != nil {
		return a, true, err
	}
	if _, err := fmt.Sscanf(string(line), "HTTP/1.1 %d", &a.status); err != nil {
		return a, true, err
	}
	length, chunked := 0, false
	for {
		if line, err = c.line(); err != nil {
			return a, true, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) { // as net/http writes them
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return a, true, err
			}
		case "Location":
			a.location = string(value)
		case "Transfer-Encoding":
			chunked = true
		case "Connection":
			last = string(value) == "close"
		}
	}
	if chunked {
		a.body, err = io.ReadAll(httputil.NewChunkedReader(c.reader))
		if err == nil {
			_, err = c.line() // the chunked reader leaves the line after the trailer
		}
		return a, last, err
	}
	a.body = make([]byte, length)
	_, err = io.ReadFull(c.reader, a.body)
	return a, last, err
}

func (c *connection) line() ([]byte, error) {
	line, err := c.reader.ReadSlice('\n')
	return bytes.TrimSuffix(line, []byte("\r\n")), err
}
