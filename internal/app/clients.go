package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"mandat/internal/client"
	"mandat/internal/recipient"
)

// buildClients reads the clients of our identity provider: those of the file, beside those that administrators register; FranceConnect's fraud team sees what its own did.
func (a *App) buildClients(ctx context.Context) error {
	filed, err := readClients(a.config.IDPClientsFile)
	if err != nil {
		return err
	}
	file, err := client.New(filed)
	if err != nil {
		return fmt.Errorf("IDP_CLIENTS_FILE: %w", err)
	}
	if a.clients, err = file.On(a.db, a.journal, a.catalogue, a.clock); err != nil {
		return fmt.Errorf("IDP_CLIENTS_FILE: %w", err)
	}
	if err := a.clients.CheckTable(ctx); err != nil {
		return fmt.Errorf("IDP_CLIENTS_FILE: %w", err)
	}
	var known recipient.Clients
	for _, c := range a.clients.FranceConnects() {
		known.IDs, known.Sectors = append(known.IDs, c.ID), append(known.Sectors, c.SectorName())
	}
	a.recipients = recipient.New(a.db, a.journal, a.keys.Envelope, known, a.clock)
	return nil
}

// serviceName is what people call a client, for those who tell of it. The clients are read after them.
func (a *App) serviceName(ctx context.Context, id string) (string, error) {
	return a.clients.Name(ctx, id)
}

func readClients(path string) ([]client.Client, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("IDP_CLIENTS_FILE: %w", err)
	}
	clients, err := client.Read(f)
	return clients, errors.Join(err, f.Close())
}
