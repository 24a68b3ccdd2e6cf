package decision

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/dpop"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
)

// answer is what a service gets. A no is the same bytes whatever its reason.
type answer struct {
	Decision bool   `json:"decision"`
	Context  *grant `json:"context,omitempty"` // of a yes
}

// grant is what a yes rests on.
type grant struct {
	Mandate      string `json:"mandate"`       // its name towards the client's sector
	Level        string `json:"level"`         // how far the power goes
	IdentifiedBy string `json:"identified_by"` // how surely the citizen is known
	ValidUntil   string `json:"valid_until"`   // RFC 3339
}

// decide answers a question: POST /api/decision.
func (p *Point) decide(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	by, err := p.Who(r)
	if err == nil && (!by.Direct() || !by.Decision) {
		err = oidc.Refuse(oidc.InsufficientScope, "the client may not ask for decisions")
	}
	var q request
	if err == nil {
		q, err = p.question(w, r)
	}
	if refusal, ok := errors.AsType[*oidc.Error](err); ok {
		return refuse(w, r, refusal)
	}
	if err != nil {
		return err
	}
	out, err := p.answer(r, by, q)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, out)
}

// question reads the body of a question.
func (p *Point) question(w http.ResponseWriter, r *http.Request) (request, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return request{}, oidc.Refuse(oidc.InvalidRequest, "the Content-Type is not application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return request{}, oidc.Refuse(oidc.InvalidRequest, "the body is too large")
	}
	if err != nil {
		return request{}, fmt.Errorf("read question: %w", err)
	}
	q, refusal := parse(body)
	if refusal != nil {
		return q, refusal
	}
	if _, ok := p.Catalogue.Find(q.procedure); !ok {
		q.procedure = "" // nobody serves it, and no entry repeats it
	}
	return q, nil
}

// answer judges a question and leaves its entry. What is answered is in the journal by then.
func (p *Point) answer(r *http.Request, by *client.Client, q request) (answer, error) {
	ctx := r.Context()
	v, err := p.ask(ctx, by, q)
	switch {
	case err != nil:
		return answer{}, err
	case !v.known():
		return answer{}, p.Note(ctx, r, Unknown)
	case !v.noted():
		if v, err = p.record(ctx, by, q, v); err != nil {
			return answer{}, err
		}
	}
	if v.reason != "" {
		return answer{}, nil
	}
	return p.yes(by, v)
}

func (p *Point) yes(by *client.Client, v verdict) (answer, error) {
	id, err := mandate.Identifier(p.Keys, v.facts.organisation, v.mandate, by.SectorName())
	if err != nil {
		return answer{}, err
	}
	return answer{Decision: true, Context: &grant{Mandate: id, Level: string(v.power.level), IdentifiedBy: string(v.power.identifiedBy), ValidUntil: v.power.endsAt.UTC().Format(time.RFC3339)}}, nil
}

// refuse answers what is no question, or nobody's who may ask.
func refuse(w http.ResponseWriter, r *http.Request, refusal *oidc.Error) error {
	switch refusal.Code {
	case oidc.InvalidToken, oidc.InvalidDPoPProof, oidc.InsufficientScope:
		return send(w, dpop.Challenge(w.Header(), refusal), refusal)
	}
	return clientauth.Refuse(w, r, refusal)
}

func send(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // an error here is a client that has gone
	return nil
}
