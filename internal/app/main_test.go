package app_test

import (
	"os"
	"testing"

	"mandat/internal/apptest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	apptest.Clean()
	os.Exit(code)
}
