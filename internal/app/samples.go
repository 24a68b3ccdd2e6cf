package app

import (
	"fmt"
	"os"

	"mandat/internal/journal/draw"
	"mandat/internal/journal/verify"
	"mandat/internal/sampling"
)

// buildSamples makes what draws samples from, by the policy that everybody checks the journal by, and the authority of its timestamps.
func (a *App) buildSamples(policy *verify.Policy) error {
	trust := draw.Trust{Policy: policy}
	if a.config.TimestampURL != "" {
		content, err := os.ReadFile(a.config.TimestampCAFile)
		if err == nil {
			trust.Authorities, err = draw.ParseAuthorities(content)
		}
		if err != nil {
			return fmt.Errorf("TIMESTAMP_CA_FILE: %w", err)
		}
	}
	a.samples = sampling.New(a.db, a.journal, trust, a.clock)
	return nil
}
