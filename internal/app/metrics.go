package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mandat/internal/comparison"
	"mandat/internal/journal/inspection"
	"mandat/internal/signingkey"
)

// metrics are this server's figures. Labels are route patterns, methods and states: never a path, a name or an id.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics(a *App) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mandat_request_seconds", Help: "Time to answer, by route pattern and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 6}}, []string{"route", "status"}),
	}
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
	}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("mandat_compare_differences", "Mandates, attestations, people and organisations that are not what their entries say, at the last comparison, by whichever server. Alarm above 0.",
			func() float64 { return float64(a.lastComparison().Differences) }),
		gauge("mandat_compare_timestamp_seconds", "When the tables were last compared with the journal; 0 is never.", func() float64 {
			if at := a.lastComparison().At; !at.IsZero() {
				return float64(at.Unix())
			}
			return 0
		}),
		gauge("mandat_journal_whole", "1 when the journal was found whole at its last inspection, by whichever server, and 0 when it was not, or was never inspected. Alarm at 0.",
			func() float64 { return oneIf(a.lastInspection().Whole()) }),
		gauge("mandat_journal_inspection_timestamp_seconds", "When the journal was last inspected; 0 is never.", func() float64 {
			if at := a.lastInspection().At; !at.IsZero() {
				return float64(at.Unix())
			}
			return 0
		}),
		gauge("mandat_journal_size", "Entries in the journal's tree, as this server last saw it.", func() float64 { return float64(a.integrator.Status().Size) }),
		gauge("mandat_journal_behind_seconds", "How long the oldest entry has waited to be provable. Alarm above 2.", func() float64 { return a.integrator.Status().Behind.Seconds() }),
		gauge("mandat_db_connections_in_use", "Connections of the pool in use.", func() float64 { return float64(a.db.Stat().AcquiredConns()) }),
		gauge("mandat_db_connections", "Connections of the pool.", func() float64 { return float64(a.db.Stat().TotalConns()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "mandat_idp_failed_proofs_total", Help: "Requests to the identity provider whose client, or its token, was not what it said it was."},
			func() float64 { return float64(a.provider.gate.Figures().Failures) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "mandat_idp_slowed_total", Help: "Requests to the identity provider that were told to come back later, because there were too many."},
			func() float64 { return float64(a.provider.gate.Figures().Slowed) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "mandat_db_waited_seconds_total", Help: "Time requests have waited for a connection."},
			func() float64 { return a.db.Stat().AcquireDuration().Seconds() }))
	m.watchKeys(a)
	m.watchWitnesses(a)
	m.watchStamps(a)
	return m
}

// watchKeys shows how old the keys that sign are, and when the seal ends.
func (m *metrics) watchKeys(a *App) {
	for _, use := range signingkey.Uses() {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mandat_key_age_seconds", Help: "How long the keys have signed that sign now, by their use. Alarm above 91 days.",
			ConstLabels: prometheus.Labels{"use": string(use)}}, func() float64 { return a.clock.Now().Sub(a.ring.Since(use)).Seconds() }))
	}
	if seal := a.keys.Sealer; seal != nil {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mandat_seal_end_timestamp_seconds", Help: "When the certificate of the seal ends. Alarm 60 days before."},
			func() float64 { return float64(seal.Until().Unix()) }))
	}
}

// lastComparison reads what the last comparison found, on whichever server it ran. What cannot be read counts as never.
func (a *App) lastComparison() comparison.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	last, err := comparison.Last(ctx, a.db)
	if err != nil {
		return comparison.Outcome{}
	}
	return last
}

// lastInspection is the same of the inspection of the journal.
func (a *App) lastInspection() inspection.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	last, err := inspection.Last(ctx, a.db)
	if err != nil {
		return inspection.Outcome{}
	}
	return last
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (m *metrics) observe(pattern string, status int, took time.Duration) {
	if pattern == "" {
		pattern = "none"
	}
	m.requests.WithLabelValues(pattern, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}
