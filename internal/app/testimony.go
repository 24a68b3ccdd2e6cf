package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mandat/internal/db"
	"mandat/internal/journal/testimony"
	"mandat/internal/journal/verify"
)

// maxWitnesses is the most bytes of the file of witnesses.
const maxWitnesses = 32 << 10

// readPolicy makes the policy of who checks the journal of our keys and the operator's witnesses, and has the log publish what enough of
// those have cosigned.
func (a *App) readPolicy() (*verify.Policy, error) {
	address := a.config.BaseURL + "/journal"
	a.policy = a.keys.Journal.Policy(address)
	if a.config.WitnessesFile != "" {
		content, err := os.ReadFile(a.config.WitnessesFile)
		if err != nil || len(content) > maxWitnesses {
			return nil, fmt.Errorf("WITNESSES_FILE: too long, or %w", err)
		}
		a.policy = a.keys.Journal.PolicyWith(address, string(content))
	}
	policy, err := verify.ParsePolicy([]byte(a.policy))
	if err != nil {
		return nil, fmt.Errorf("WITNESSES_FILE, below the lines of our keys: %w", err)
	}
	if len(policy.Keys().All()) != len(a.keys.Journal.Keys().All()) {
		return nil, errors.New("WITNESSES_FILE: names a log; the keys of ours come from KEYS_DIR")
	}
	if q := policy.Keys().Quorum(); q != nil {
		a.keys.Journal = a.keys.Journal.Witnessed(q)
	}
	return policy, nil
}

func (a *App) buildTestimony(policy *verify.Policy) error {
	err := a.buildStamper(policy)
	if err != nil || len(policy.Witnesses()) == 0 {
		return err
	}
	a.testimony, err = testimony.New(testimony.Options{DB: a.db, Log: a.integrator.Log(), Policy: policy, Clock: a.clock, Logger: a.log})
	if err != nil {
		return fmt.Errorf("WITNESSES_FILE: %w", err)
	}
	return nil
}

func (a *App) buildStamper(policy *verify.Policy) error {
	if a.config.TimestampURL == "" {
		return nil
	}
	content, err := os.ReadFile(a.config.TimestampCAFile)
	if err != nil {
		return fmt.Errorf("TIMESTAMP_CA_FILE: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return errors.New("TIMESTAMP_CA_FILE: no certificate in it")
	}
	a.stamper = testimony.NewStamper(testimony.StampOptions{DB: a.db, URL: a.config.TimestampURL, Roots: roots, Witnessed: policy.Keys().Quorum() != nil, Clock: a.clock})
	return nil
}

// Stamp does at once what is done every hour: it has the journal's newest published checkpoint stamped.
func (a *App) Stamp(ctx context.Context) error { return a.stampJournal(ctx) }

// stampJournal has the journal's newest published checkpoint stamped, if there is somebody to do it.
func (a *App) stampJournal(ctx context.Context) error {
	if a.stamper == nil {
		return nil
	}
	return a.stamper.Stamp(ctx)
}

// noteRest has the journal say that nothing was done, for those who follow it by what others say of it.
func (a *App) noteRest(ctx context.Context) error {
	if a.stamper == nil && a.testimony == nil {
		return nil
	}
	return testimony.Rest(ctx, a.journal)
}

// watchStamps shows when the journal was last stamped.
func (m *metrics) watchStamps(a *App) {
	if a.stamper == nil {
		return
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mandat_journal_stamped_timestamp_seconds",
		Help: "When the authority last stamped the journal; 0 is never. Alarm when that was three hours ago and acts were done since."}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		at, err := a.stamper.Last(ctx)
		if err != nil || at.IsZero() {
			return 0
		}
		return float64(at.Unix())
	}))
}

// openLog has the tree ready to grow: it is the one that this server saw last, and no smaller than what enough witnesses hold.
func (a *App) openLog(ctx context.Context) error {
	asked := a.testimony == nil
	if !asked {
		err := a.testimony.Agree(ctx)
		if asked = err == nil; err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
	}
	// The first step compares the tree with the checkpoint in the state file: an older or another journal stops the start.
	if _, err := a.integrator.Step(ctx); err != nil {
		return err
	}
	if !asked {
		return a.testimony.Agree(ctx) // there was no tree before
	}
	return nil
}

// watchWitnesses shows how far the witnesses are.
func (m *metrics) watchWitnesses(a *App) {
	if a.testimony == nil {
		return
	}
	read := func() testimony.Status {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		s, err := a.testimony.Status(ctx)
		if err != nil {
			return testimony.Status{}
		}
		return s
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mandat_journal_witnessed_size", Help: "Entries under the newest checkpoint that enough witnesses cosigned: what is published."},
			func() float64 { return float64(read().Size) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mandat_journal_unwitnessed_seconds", Help: "How long the oldest kept checkpoint has waited for enough witnesses. Alarm above 300."},
			func() float64 { return read().Behind.Seconds() }))
	for _, name := range a.testimony.Witnesses() {
		label := prometheus.Labels{"witness": name}
		m.registry.MustRegister(
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mandat_journal_witness_failing_seconds", Help: "For how long a witness has not cosigned; 0 while it does.", ConstLabels: label}, func() float64 {
				f, ok := read().Failing[name]
				if !ok {
					return 0
				}
				return max(0, time.Since(f.Since).Seconds())
			}),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mandat_journal_witness_disagrees", Help: "1 when a witness holds another journal than ours, or more of it than the database. Alarm at once.", ConstLabels: label}, func() float64 {
				if read().Failing[name].Disagrees() {
					return 1
				}
				return 0
			}))
	}
}
