package testimony

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
	"mandat/internal/outward"
)

// stampLag is by how much the authority's clock may differ from ours.
const stampLag = 10 * time.Minute

// StampOptions says whom to ask for timestamps.
type StampOptions struct {
	DB        *db.DB         // login mandat_app
	URL       string         // of the authority (RFC 3161 section 3.4)
	Roots     *x509.CertPool // its certificate, or one above it
	Witnessed bool           // only checkpoints that enough witnesses cosigned are stamped
	Clock     *clock.Clock   // nil is the machine's
	Client    *http.Client   // nil is one with time-outs
}

// Stamper has an authority say when the journal's newest checkpoint was there.
type Stamper struct{ o StampOptions }

// NewStamper prepares a stamper.
func NewStamper(o StampOptions) *Stamper {
	if o.Client == nil {
		o.Client = outward.New(true) // the operator's settings name the address
	}
	return &Stamper{o}
}

// ErrStamp says that what the authority sent is no timestamp of what it was asked for.
var ErrStamp = errors.New("the timestamp authority's answer")

// Stamp asks for a timestamp of the newest kept checkpoint, unless it has one. It may run twice at the same time.
func (s *Stamper) Stamp(ctx context.Context) error {
	size, text, err := s.due(ctx)
	if err != nil || text == "" {
		return err
	}
	token, at, err := s.ask(ctx, stamp.Sum([]byte(text)))
	if err != nil {
		return fmt.Errorf("timestamp of %d entries: %w", size, err)
	}
	err = s.o.DB.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(`insert into journal_timestamp (size, at, token) values ($1, $2, $3) on conflict do nothing`, size, at, token)
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep a timestamp: %w", err)
	}
	return nil
}

// due is the text of the checkpoint to be stamped, "" when there is none.
func (s *Stamper) due(ctx context.Context) (size int64, text string, err error) {
	var note string
	err = s.o.DB.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select k.size, k.note from journal_checkpoint k where k.size = case when $1 then (select max(size) from journal_witnessed) else (select max(size) from journal_checkpoint) end
			and not exists (select from journal_timestamp t where t.size = k.size) and not `+stale, s.o.Witnessed).Scan(&size, &note)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("look for a checkpoint to be stamped: %w", err)
	}
	return size, format.TextOf(note), nil
}

// ask gets one timestamp and checks it as anybody will who verifies the journal, and that it is the answer to this question.
func (s *Stamper) ask(ctx context.Context, sum [32]byte) (token []byte, at time.Time, err error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, time.Time{}, err
	}
	query, err := stamp.Request(sum, nonce)
	if err != nil {
		return nil, time.Time{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.URL, bytes.NewReader(query))
	if err != nil {
		return nil, time.Time{}, err
	}
	req.Header.Set("Content-Type", stamp.QueryType)
	req.Header.Set("Accept", stamp.ReplyType)
	resp, err := s.o.Client.Do(req)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, stamp.MaxToken+1024))
	if err != nil {
		return nil, time.Time{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, time.Time{}, fmt.Errorf("%w: status %d", ErrStamp, resp.StatusCode)
	}
	if token, err = stamp.Token(reply); err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrStamp, err)
	}
	got, err := stamp.Verify(token, sum, s.o.Roots)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrStamp, err)
	}
	if got.Nonce == nil || got.Nonce.Cmp(nonce) != 0 {
		return nil, time.Time{}, fmt.Errorf("%w: it answers another question", ErrStamp)
	}
	if off := got.At.Sub(s.o.Clock.Now()); off > stampLag || off < -stampLag {
		return nil, time.Time{}, fmt.Errorf("%w: its clock differs from ours by %v", ErrStamp, off.Round(time.Second))
	}
	return token, got.At, nil
}

// Last is when the newest timestamp was given; zero: there is none.
func (s *Stamper) Last(ctx context.Context) (time.Time, error) {
	var at *time.Time
	err := s.o.DB.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select (select at from journal_timestamp order by size desc limit 1)`).Scan(&at)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("read the last timestamp: %w", err)
	}
	return db.OrZero(at), nil
}
