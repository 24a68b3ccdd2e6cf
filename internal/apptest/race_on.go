//go:build race

package apptest

// raced: the program that tests run as a process is built as the test is, so that both share what was compiled.
const raced = true
