package db

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// OrNull is a value for a column that may be null: null for the zero value.
func OrNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// OrZero is the value of a column that may be null: the zero value for null.
func OrZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// Found wraps what went wrong in doing something; that no row came back is ErrNotFound.
func Found(doing string, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
