package twin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// PutClient registers a relying party at a role, or replaces it.
func (t *Twin) PutClient(ctx context.Context, at Role, c Client) error {
	return t.put(ctx, string(at)+"/clients", c.ID, c)
}

// DeleteClient forgets a relying party.
func (t *Twin) DeleteClient(ctx context.Context, at Role, id string) error {
	return t.delete(ctx, string(at)+"/clients", id)
}

// PutProvider registers an identity provider at FranceConnect, or replaces it.
func (t *Twin) PutProvider(ctx context.Context, p Provider) error {
	return t.put(ctx, "franceconnect/providers", p.UID, p)
}

// DeleteProvider forgets an identity provider.
func (t *Twin) DeleteProvider(ctx context.Context, uid string) error {
	return t.delete(ctx, "franceconnect/providers", uid)
}

// PutCitizen adds an identity to FranceConnect, or replaces it, also a built-in one.
func (t *Twin) PutCitizen(ctx context.Context, c Citizen) error {
	return t.put(ctx, "franceconnect/citizens", c.Login, c)
}

// DeleteCitizen forgets an identity.
func (t *Twin) DeleteCitizen(ctx context.Context, login string) error {
	return t.delete(ctx, "franceconnect/citizens", login)
}

// PutProfessional adds someone to ProConnect, or replaces them.
func (t *Twin) PutProfessional(ctx context.Context, p Professional) error {
	return t.put(ctx, "proconnect/professionals", cmp.Or(p.ID, p.Email), p)
}

// DeleteProfessional forgets someone, by ID.
func (t *Twin) DeleteProfessional(ctx context.Context, id string) error {
	return t.delete(ctx, "proconnect/professionals", id)
}

// PutService adds a procedure to the public service, or replaces it.
func (t *Twin) PutService(ctx context.Context, s Service) error {
	return t.put(ctx, "service/services", s.ID, s)
}

// DeleteService forgets a procedure.
func (t *Twin) DeleteService(ctx context.Context, id string) error {
	return t.delete(ctx, "service/services", id)
}

// SetFault makes a role fail under a name of the caller's, until ClearFault.
func (t *Twin) SetFault(ctx context.Context, name string, f Fault) error {
	return t.put(ctx, "faults", name, f)
}

// ClearFault ends a fault.
func (t *Twin) ClearFault(ctx context.Context, name string) error {
	return t.delete(ctx, "faults", name)
}

// Events tells what happened, oldest first, to one client (or, for "", to all), after the event numbered after.
// The last 10,000 are kept.
func (t *Twin) Events(ctx context.Context, client string, after int64) ([]Event, error) {
	q := url.Values{"after": {strconv.FormatInt(after, 10)}}
	if client != "" {
		q.Set("client", client)
	}
	body, err := t.call(ctx, http.MethodGet, "/events?"+q.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("twin events: %w", err)
	}
	var events []Event
	if err := json.Unmarshal(body, &events); err != nil {
		return nil, fmt.Errorf("twin events: %w", err)
	}
	return events, nil
}

func (t *Twin) put(ctx context.Context, kind, id string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("twin put %s: %w", kind, err)
	}
	if _, err := t.call(ctx, http.MethodPut, "/"+kind+"/"+url.PathEscape(id), body); err != nil {
		return fmt.Errorf("twin put %s: %w", kind, err)
	}
	return nil
}

func (t *Twin) delete(ctx context.Context, kind, id string) error {
	if _, err := t.call(ctx, http.MethodDelete, "/"+kind+"/"+url.PathEscape(id), nil); err != nil {
		return fmt.Errorf("twin delete %s: %w", kind, err)
	}
	return nil
}

func (t *Twin) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, t.admin+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+t.secret)
	resp, err := t.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return answer, nil
}
