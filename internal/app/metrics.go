package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are this server's figures. Labels are route patterns, methods and states: never a path, a name or an id.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.HistogramVec
	differences prometheus.Gauge
	compared    prometheus.Gauge
}

func newMetrics(a *App) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mandat_request_seconds", Help: "Time to answer, by route pattern and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 6}}, []string{"route", "status"}),
		differences: prometheus.NewGauge(prometheus.GaugeOpts{Name: "mandat_compare_differences", Help: "Mandates that are not what their entries say, at the last comparison. Alarm above 0."}),
		compared:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "mandat_compare_timestamp_seconds", Help: "When mandates were last compared with the journal."}),
	}
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
	}
	m.registry.MustRegister(m.requests, m.differences, m.compared, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("mandat_journal_size", "Entries in the journal's tree, as this server last saw it.", func() float64 { return float64(a.integrator.Status().Size) }),
		gauge("mandat_journal_behind_seconds", "How long the oldest entry has waited to be provable. Alarm above 2.", func() float64 { return a.integrator.Status().Behind.Seconds() }),
		gauge("mandat_db_connections_in_use", "Connections of the pool in use.", func() float64 { return float64(a.db.Stat().AcquiredConns()) }),
		gauge("mandat_db_connections", "Connections of the pool.", func() float64 { return float64(a.db.Stat().TotalConns()) }),
		gauge("mandat_db_waited_seconds_total", "Time requests have waited for a connection.", func() float64 { return a.db.Stat().AcquireDuration().Seconds() }))
	return m
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
