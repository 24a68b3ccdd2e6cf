package client

import (
	"context"
	"errors"
	"fmt"
)

// ErrUnknown says that nobody is registered under an id, or not any more.
var ErrUnknown = errors.New("unknown client")

// Registry finds clients. It may be used concurrently.
type Registry struct {
	filed map[string]*Client
}

// New returns a registry of the clients of the file, or what is wrong with them.
func New(filed []Client) (*Registry, error) {
	r := &Registry{filed: map[string]*Client{}}
	for _, c := range filed {
		if err := c.Check(); err != nil {
			return nil, err
		}
		if _, double := r.filed[c.ID]; double {
			return nil, fmt.Errorf("client %s stands twice", c.ID)
		}
		c.Filed = true
		r.filed[c.ID] = &c
	}
	return r, nil
}

// Find returns the client of an id. It returns ErrUnknown.
func (r *Registry) Find(_ context.Context, id string) (*Client, error) {
	if c, ok := r.filed[id]; ok {
		return c, nil
	}
	return nil, ErrUnknown
}
