// Package sms hands short messages to a gateway, by a small protocol of ours that a gateway's own is easily put behind: one
// HTTPS request for each message,
//
//	POST URL
//	Authorization: Bearer TOKEN
//	Idempotency-Key: ID
//	Content-Type: application/json
//
//	{"id": ID, "to": "+33612345678", "from": "Mandat", "text": "…"}
//
// answered with any 2xx. The token, the number and the text stand in no address, which servers and proxies would log.
package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Config says which gateway, and in whose name.
type Config struct {
	URL    string
	Token  string
	From   string       // what the receiver sees as sender; the gateway's own if ""
	Client *http.Client // nil: one of its own
}

// Refusal is the error of a message that the gateway will never take.
type Refusal struct{ Status int }

// Error tells the status.
func (r *Refusal) Error() string {
	return fmt.Sprintf("the SMS gateway refused the message (%d)", r.Status)
}

// Gateway sends messages.
type Gateway struct{ config Config }

// New reads the settings; it does not connect.
func New(c Config) (*Gateway, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, errors.New("SMS gateway: want an address without query and password")
	}
	if c.Token == "" {
		return nil, errors.New("SMS gateway: want a token")
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 10 * time.Second}
	}
	client := *c.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token goes nowhere else
	c.Client = &client
	return &Gateway{c}, nil
}

type message struct {
	ID   string `json:"id"`
	To   string `json:"to"`
	From string `json:"from,omitempty"`
	Text string `json:"text"`
}

// Send hands a message over; to is a number in E.164. A *Refusal is for good; after any other error it may be sent again, with the same
// id, by which the gateway can tell.
func (g *Gateway) Send(ctx context.Context, id, to, text string) error {
	body, err := json.Marshal(message{id, to, g.config.From, text})
	if err != nil {
		return fmt.Errorf("write a short message: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.config.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("SMS gateway: not a good address")
	}
	r.Header.Set("Authorization", "Bearer "+g.config.Token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", id)
	answer, err := g.config.Client.Do(r)
	if err != nil {
		return fmt.Errorf("the SMS gateway does not answer: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, 1<<16)
	switch s := answer.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusBadRequest, s == http.StatusNotFound, s == http.StatusGone, s == http.StatusUnprocessableEntity:
		return &Refusal{s}
	default: // also a token that was changed: ours to repair
		if slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, s) {
			return fmt.Errorf("the SMS gateway does not know our token (%d)", s)
		}
		return fmt.Errorf("the SMS gateway did not take the message (%d)", s)
	}
}
