// Package client holds the clients of our identity provider (relying parties): FranceConnect, and public services that talk to
// us directly. It says what a registration may be, and finds a client by its id. It knows no HTTP: who is calling is found out
// where the call arrives.
//
// The operator registers clients in a file; administrators register services, which stand in the table client, which this package owns.
// A registration that is closed is as good as none, everywhere, at the latest after Fresh.
//
//	client.go    a registration
//	check.go     what is wrong with one
//	secret.go    the hash of a client's secret
//	keys.go      a client's public keys, and which may do what
//	address.go   which addresses may be registered
//	file.go      the clients file
//	registry.go  finding a client
//	name.go      what people call one, also when it is closed
//	table.go     the services that administrators registered, as they stand
//	register.go  registering one, changing it, replacing its secret, closing it: the acts of administrators
//	admit.go     what an administrator may register
//	compare.go   the table against the journal
package client
