package app

import (
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"mandat/internal/anomaly"
	"mandat/internal/backchannel"
	"mandat/internal/config"
	"mandat/internal/consent"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/phone"
)

// Every job that comes round, by its name. Without one of them nothing fails for a long time: a table grows, a certificate ends without a word.
func TestPeriodic_AreThese(t *testing.T) {
	t.Parallel()
	const quarter, day = 15 * time.Minute, 24 * time.Hour
	want := map[string]time.Duration{
		"compare-tables": day, "inspect-journal": day, "stamp-journal": time.Hour, "draw-samples": time.Minute, "note-rest": 10 * time.Minute, "look-for-anomalies": 10 * time.Minute, "look-again-for-anomalies": day, "count-acts": time.Minute, "publish-figures": time.Hour, "rotate-keys": time.Hour, "renew-wrapping": time.Hour, "digest-security-log": day,
		"purge-drafts": quarter, "purge-sessions": quarter, "purge-trace": day, "erase-due": time.Hour, "purge-logins": quarter, "purge-links": quarter, "purge-proofs": quarter, "tell-services": time.Minute, "purge-contacts": quarter, "purge-challenges": quarter,
		"purge-allowances": time.Hour, "purge-phones": time.Hour, "purge-invitations": day, "purge-messages": day, "purge-decisions": day,
		"purge-mail-links": day, "purge-signals": day, "collect-messages": 10 * time.Minute, "tell-of-expired-mandates": time.Hour,
		"start-mandates": time.Minute, "erase-asked": time.Hour, "extend-status-lists": time.Hour, "expire-consents": time.Minute, "purge-consents": day, "purge-telephones": time.Hour, "purge-sms-callbacks": quarter, "purge-unsealings": day, "carry-out-inquiries": 5 * time.Minute, "forget-inquiries": day, "purge-anomalies": day,
		"do-factor-resets": time.Minute, "resume-imports": 5 * time.Minute, "remind-of-uses": time.Hour, "remind-of-certificates": 10 * time.Minute, "inactive-people": 12 * time.Hour, "tell-of-orphans": time.Hour, "tell-of-ends": day,
	}
	got := map[string]time.Duration{}
	for _, p := range (&App{}).periodic() {
		if _, twice := got[p.Name]; twice || p.Run == nil {
			t.Errorf("%s is there twice, or does nothing", p.Name)
		}
		got[p.Name] = p.Every
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// Every job that lets something go leaves it while all is to be kept, and only then: without what it works with it would fail.
func TestRounds_KeepAll(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{true, false} {
		kept := 0
		for _, p := range (&App{config: config.Config{KeepAll: keep}}).rounds() {
			done := func() (done bool) {
				defer func() { done = recover() == nil && done }()
				return p.Run(t.Context()) == nil
			}()
			if lets := regexp.MustCompile(`^(purge|erase|forget)-`); lets.MatchString(p.Name) && done {
				kept++
			}
		}
		if want := map[bool]int{true: 23, false: 0}[keep]; kept != want {
			t.Errorf("of those that let things go %d leave them, want %d", kept, want)
		}
	}
}

// Every job that an act asks for, by its name. One that nobody does waits for ever.
func TestActs_AreThese(t *testing.T) {
	t.Parallel()
	var got []string
	for _, k := range (&App{}).acts() {
		if k.Work == nil || k.Timeout <= 0 {
			t.Errorf("%s does nothing, or has no time for it", k.Name)
		}
		got = append(got, k.Name)
	}
	if want := []string{notify.Job, "take_in_results", phone.Job, consent.Job, anomaly.Job, mandate.TransferJob, mandate.OthersJob, backchannel.Job}; !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
