package client

import (
	"encoding/json"
	"fmt"
	"io"
)

// Read reads a clients file: a JSON array of Client.
func Read(file io.Reader) ([]Client, error) {
	var clients []Client
	d := json.NewDecoder(file)
	d.DisallowUnknownFields()
	if err := d.Decode(&clients); err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	for _, c := range clients {
		if err := c.Check(); err != nil {
			return nil, fmt.Errorf("read clients: %w", err)
		}
	}
	return clients, nil
}
