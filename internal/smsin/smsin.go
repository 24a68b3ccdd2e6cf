// Package smsin takes what the SMS gateway tells us: answers of citizens, and what became of our messages. It owns the table smsin_seen. It is the
// other direction of the protocol of package sms, and as easily put behind a gateway's own:
//
//	POST /sms/reponses
//	Mandat-Timestamp: 1795348800
//	Mandat-Signature: 5d41…                 (64 hexadecimal digits)
//	Content-Type: application/json
//
//	{"id": "0195…", "from": "+33612345678", "text": "oui"}
//
// where id is that of the message of ours that is answered, and
//
//	POST /sms/rapports
//
//	{"id": "0195…", "status": "delivered"}   (or "undelivered")
//
// The signature is HMAC-SHA256, under the secret that both know (SMS_CALLBACK_KEY), of the timestamp, a full stop and the body as it is sent. The timestamp
// is in seconds since 1970, and at most five minutes off ours; the same signature is taken once. Who has no answer signs anew.
//
// What is well signed and well formed is answered 204, whether a message has that id or not: who has the secret learns nothing of what is asked of whom.
// Else: 400 not well formed, 401 not signed by the gateway or not now, 409 taken already, 413 too long, 429 too much from that network; and 503 when we
// cannot take it now. Only 429 and 5xx are worth another try.
package smsin

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/consent"
	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/phone"
	"mandat/internal/throttle"
)

// Window is how far the gateway's clock may be from ours.
const Window = 5 * time.Minute

// Limits of what a callback brings.
const (
	maxBody = 8 << 10
	maxText = 2000 // bytes of an answer that are read
)

// Inbox takes callbacks.
type Inbox struct {
	db       *db.DB
	clock    *clock.Clock
	throttle *throttle.Throttle
	secret   []byte
	consents *consent.Register
	phones   *phone.Register
}

// New returns an inbox. Without a secret ("") nothing is believed.
func New(d *db.DB, c *clock.Clock, secret string, consents *consent.Register, phones *phone.Register) *Inbox {
	return &Inbox{d, c, throttle.New(d, c), []byte(secret), consents, phones}
}

// Mount adds the routes.
func (x *Inbox) Mount(r *page.Router) {
	r.Post("/sms/reponses", page.Client, x.takeAnswer)
	r.Post("/sms/rapports", page.Client, x.takeReport)
}

type answer struct {
	ID   string `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
}

type report struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

func (x *Inbox) takeAnswer(w http.ResponseWriter, r *http.Request) error {
	var in answer
	return x.take(w, r, &in, func(ctx context.Context) error {
		id, err := uuid.Parse(in.ID)
		if err != nil {
			return nil // no message of ours has it
		}
		return x.consents.Answer(ctx, id, in.From, in.Text[:min(len(in.Text), maxText)])
	}, func() bool { return in.ID != "" && in.From != "" && len(in.ID) <= 100 && len(in.From) <= 40 })
}

func (x *Inbox) takeReport(w http.ResponseWriter, r *http.Request) error {
	var in report
	return x.take(w, r, &in, func(ctx context.Context) error {
		id, err := uuid.Parse(in.ID)
		if err != nil {
			return nil
		}
		if err := x.consents.Report(ctx, id, in.Status == "delivered"); err != nil {
			return err
		}
		return x.phones.Report(ctx, id, in.Status == "delivered")
	}, func() bool {
		return in.ID != "" && len(in.ID) <= 100 && (in.Status == "delivered" || in.Status == "undelivered")
	})
}

// take does with a callback whatever is the same for both kinds: it counts, believes, reads and answers it.
func (x *Inbox) take(w http.ResponseWriter, r *http.Request, in any, do func(context.Context) error, sound func() bool) error {
	wait, err := x.throttle.Take(r.Context(), throttle.Allowance{Of: "smsin.network", Who: throttle.Network(network(r)), Burst: 300, Every: 50 * time.Millisecond})
	if err != nil {
		return err
	}
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		return refuse(w, http.StatusTooManyRequests)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return refuse(w, http.StatusBadRequest)
	case len(body) > maxBody:
		return refuse(w, http.StatusRequestEntityTooLarge)
	}
	signature, ok := x.signed(r.Header, body)
	if !ok {
		return refuse(w, http.StatusUnauthorized)
	}
	switch fresh, err := x.first(r.Context(), signature); {
	case err != nil:
		return err
	case !fresh:
		return refuse(w, http.StatusConflict)
	}
	if !decode(body, in) || !sound() {
		return refuse(w, http.StatusBadRequest)
	}
	if err := do(r.Context()); err != nil {
		return errors.Join(err, x.forget(context.WithoutCancel(r.Context()), signature)) // it may come again as it is
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// signed reports whether the gateway has signed the body, now, and returns the signature.
func (x *Inbox) signed(h http.Header, body []byte) ([]byte, bool) {
	stamp := h.Get("Mandat-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || len(x.secret) == 0 || strconv.FormatInt(seconds, 10) != stamp || x.clock.Now().Sub(time.Unix(seconds, 0)).Abs() > Window {
		return nil, false
	}
	given, err := hex.DecodeString(h.Get("Mandat-Signature"))
	if err != nil {
		return nil, false
	}
	mac := hmac.New(sha256.New, x.secret)
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	right := mac.Sum(nil)
	return right, hmac.Equal(given, right)
}

// first reports whether a signature is seen for the first time. Of the same one at once, one is.
func (x *Inbox) first(ctx context.Context, signature []byte) (fresh bool, err error) {
	err = x.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		tag, err := tx.Exec(ctx, `insert into smsin_seen (signature, at) values ($1, $2) on conflict do nothing`, signature, x.clock.Now())
		fresh = tag.RowsAffected() == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("remember a callback: %w", err)
	}
	return fresh, nil
}

func (x *Inbox) forget(ctx context.Context, signature []byte) error {
	return x.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from smsin_seen where signature = $1`, signature)
		return err
	})
}

// Purge forgets callbacks whose timestamp would be refused by now. A job calls it.
func (x *Inbox) Purge(ctx context.Context) error {
	_, err := x.db.Purge(ctx, db.Nothing(), `delete from smsin_seen where signature in (select signature from smsin_seen where at < $1 limit $2)`, x.clock.Now().Add(-2*Window-time.Minute))
	if err != nil {
		return fmt.Errorf("purge callbacks: %w", err)
	}
	return nil
}

// decode reads one JSON object with these members and no others.
func decode(body []byte, in any) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(in) != nil {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF) && strings.HasPrefix(strings.TrimLeft(string(body), " \t\r\n"), "{")
}

// refuse answers in a few bytes of JSON. What was wrong is in the status.
func refuse(w http.ResponseWriter, status int) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err := io.WriteString(w, `{"error":"`+strings.ToLower(http.StatusText(status))+`"}`)
	return err
}

// network is where a request's connection comes from.
func network(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv4Unspecified()
	}
	return from.Addr()
}
