// Package client holds the clients of our identity provider (relying parties): FranceConnect, and public services that talk to
// us directly. It says what a registration may be, and finds a client by its id. It knows no HTTP: who is calling is found out
// where the call arrives.
//
//	client.go    a registration, and what is wrong with one
//	secret.go    the hash of a client's secret
//	keys.go      a client's public keys, and which may do what
//	file.go      the clients file
//	registry.go  finding a client
package client
