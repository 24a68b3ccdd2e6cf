package app

import (
	"context"

	"mandat/internal/anomaly"
	"mandat/internal/card"
	"mandat/internal/certification"
	"mandat/internal/citizen"
	"mandat/internal/credential"
	"mandat/internal/draft"
	"mandat/internal/inquiry"
	"mandat/internal/recipient"
	"mandat/internal/session"
	"mandat/internal/signingkey"
	"mandat/internal/unsealing"
	"mandat/internal/wrapping"
)

// Wrapped lists every column of wrapped keys.
func Wrapped() []wrapping.Column {
	return append(signingkey.Wrapped(), anomaly.Wrapped(), citizen.Wrapped(), draft.Wrapped(), credential.Wrapped(), card.Wrapped(), certification.Wrapped(), session.Wrapped(), unsealing.Wrapped(), inquiry.Wrapped()[0], inquiry.Wrapped()[1], recipient.Wrapped())
}

func (a *App) keeper() *wrapping.Keeper {
	return wrapping.New(a.db, a.journal, a.keys.Envelope, a.log, Wrapped()...)
}

// renewWrapping brings what is wrapped with an old key-encryption key under the one that wraps now.
func (a *App) renewWrapping(ctx context.Context) error { return a.keeper().Renew(ctx) }
