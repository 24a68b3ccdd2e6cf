//go:build !race

package apptest

const raced = false
