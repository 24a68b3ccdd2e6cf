package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
)

// ports are where the demonstration listens. They are chosen once and kept with the data: ProConnect's address is part of
// who its people are.
type ports struct {
	Site          int `json:"site"`
	Metrics       int `json:"metrics"`
	FranceConnect int `json:"franceconnect"`
	ProConnect    int `json:"proconnect"`
	Service       int `json:"service"`
	Mail          int `json:"mail"`
	Direct        int `json:"direct"`
	FirstWitness  int `json:"first_witness"`
	SecondWitness int `json:"second_witness"`
	Stamps        int `json:"stamps"`
}

const portsFile = "ports.json"

// hosts are the addresses of the roles: other hosts are other sites for a browser, as in life.
func (p *ports) all() []struct {
	host, who string
	port      *int
} {
	return []struct {
		host, who string
		port      *int
	}{
		{"127.0.0.1", "Mandat", &p.Site}, {"127.0.0.1", "metrics", &p.Metrics}, {"127.0.0.2", "FranceConnect's stand-in", &p.FranceConnect},
		{"127.0.0.3", "ProConnect's stand-in", &p.ProConnect}, {"127.0.0.4", "the public service", &p.Service}, {"127.0.0.5", "the page of mails", &p.Mail},
		{"127.0.0.6", "the services that talk to Mandat directly", &p.Direct}, {"127.0.0.7", "the first witness", &p.FirstWitness},
		{"127.0.0.8", "the second witness", &p.SecondWitness}, {"127.0.0.9", "the timestamp authority", &p.Stamps},
	}
}

// choosePorts returns the ports kept in dir, or chooses them near first and keeps them. When first is 0 it is somewhere below
// the ports that the system gives to outgoing connections, which could take one before it is listened on.
func choosePorts(ctx context.Context, dir string, first int) (ports, error) {
	var p ports
	path := filepath.Join(dir, portsFile)
	content, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(content, &p); err != nil {
			return p, fmt.Errorf("%s: %w (make reset begins anew)", path, err)
		}
		for _, a := range p.all() {
			if *a.port == 0 { // chosen before there was such a part
				if *a.port, err = nextFree(ctx, a.host, p.Site+1); err != nil {
					return p, err
				}
			}
			if !free(ctx, a.host, *a.port) {
				return p, fmt.Errorf("port %d of %s, where %s was, is taken by another program (another `make run`?): stop it, or run with another --dir", *a.port, a.host, a.who)
			}
		}
		return p, keepPorts(path, p)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return p, fmt.Errorf("read ports: %w", err)
	}
	if first == 0 {
		first = 10000 + rand.IntN(20000) //nolint:gosec // only so that two demonstrations seldom meet
	}
	for _, a := range p.all() {
		if *a.port, err = nextFree(ctx, a.host, first); err != nil {
			return p, err
		}
		first = *a.port + 1
	}
	return p, keepPorts(path, p)
}

func keepPorts(path string, p ports) error {
	content, err := json.Marshal(p)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep ports: %w", err)
	}
	return nil
}

func free(ctx context.Context, host string, port int) bool {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func nextFree(ctx context.Context, host string, first int) (int, error) {
	for port := first; port < first+100; port++ {
		if free(ctx, host, port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port on %s between %d and %d", host, first, first+100)
}
