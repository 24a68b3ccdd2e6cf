package main

import (
	"fmt"

	"mandat/internal/db"
)

type adminCmds struct {
	JournalKey   journalKeyCmds  `cmd:"" help:"Let the journal pass from one key to the next (docs/operations.md)."`
	KEK          kekCmds         `cmd:"" name:"kek" help:"Change the key-encryption key (docs/operations.md)."`
	Seal         sealCmd         `cmd:"" help:"Put another seal for documents in the folder of keys: its key and certificate chain."`
	Roles        roles           `cmd:"" help:"Print the SQL that makes the three database logins, for a DBA to run as superuser."`
	First        first           `cmd:"" help:"Print the link by which the first administrator comes in: once, for 72 hours."`
	Confirm      confirm         `cmd:"" help:"Confirm the invitation of an administrator, in the place of a second one who is not there."`
	Organisation addOrganisation `cmd:"" help:"Add an organisation."`
	Person       addPerson       `cmd:"" help:"Add a professional, aidant or referent, an auditor, or a recipient. Administrators come in by mandat admin first."`
	Suspend      suspend         `cmd:"" help:"Take away a person's right to do anything, at once."`
	Resume       resume          `cmd:"" help:"Lift a person's suspension."`
	Join         join            `cmd:"" help:"Give a person a role in an organisation."`
	Recipients   recipients      `cmd:"" help:"List those who receive a part of what is done: their id, of what, and their address."`
	EndReceiving endReceiving    `cmd:"" help:"End what somebody receives, at once."`
	Leave        leave           `cmd:"" help:"End a person's role in an organisation, at once."`
	Close        closing         `cmd:"" help:"End an organisation and every role in it, at once."`
	Adopt        adopt           `cmd:"" help:"Print the SQL by which a loaded copy of the database takes the journal over (docs/journal.md)."`
	Keys         keys            `cmd:"" help:"Make the keys that are missing in a folder (KEYS_DIR)."`
	AfterRestore afterRestore    `cmd:"" help:"After an older copy was restored: erase again who was erased since (docs/operations.md)."`
	LoadTestData loadTestData    `cmd:"" help:"Fill a new database, in which nothing was ever done, with millions of invented mandates."`
	Rotate       rotate          `cmd:"" help:"Let the next keys sign, and make new ones to come after them."`
}

type roles struct{}

// Run prints the SQL; it touches no database.
func (roles) Run() error {
	fmt.Print(db.RolesSQL)
	fmt.Println("-- Then give each login a password or another way in, and each database its owner:")
	fmt.Println("-- create database mandat owner mandat_owner;")
	return nil
}
