package auditor

import (
	"context"

	"mandat/internal/anomaly"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/unsealing"
)

// waiting is how much waits for an auditor, by the page on which they go on with it.
type waiting struct {
	Unsealings int // for their decision
	Inquiries  int // that are not closed
	Alerts     int // that are not closed
}

// manyAlerts is how many alerts are counted.
const manyAlerts = 100

// ManyAlerts reports whether there may be more than were counted.
func (w waiting) ManyAlerts() bool { return w.Alerts == manyAlerts }

// waits counts what waits for an auditor now.
func (s *Site) waits(ctx context.Context, by journal.Actor) (w waiting, err error) {
	asked, err := s.Unsealings.List(ctx, by)
	if err != nil {
		return w, err
	}
	for _, u := range asked {
		if forDecision(by, u) {
			w.Unsealings++
		}
	}
	looked, err := s.Inquiries.List(ctx, by, nil)
	if err != nil {
		return w, err
	}
	for _, q := range looked {
		if q.State != inquiry.Closed {
			w.Inquiries++
		}
	}
	alerts, err := s.Anomalies.List(ctx, by, anomaly.Wanted{}, manyAlerts)
	w.Alerts = len(alerts)
	return w, err
}

// forDecision reports whether an unsealing waits for somebody to grant or refuse it: not who asked, nor whom it is about.
func forDecision(by journal.Actor, u unsealing.Unsealing) bool {
	return u.State == unsealing.Asked && u.AskedBy != by.Person && u.Person != by.Person
}
