// Package dossier gathers all that an organisation keeps about one citizen in one file, which the citizen is handed at the counter when they ask for it
// (GDPR, articles 15 and 20; docs/decisions/0034).
//
//	dossier.go  the act: who may hand it over, and what its entry says
//	read.go     everything is read at one instant; read_more.go what others have of the citizen, entries.go who did or read what
//	file.go     what the file says, as its machine-readable part names it (docs/dossier.md)
//	words.go    what it says to people, in words/fr.json and words/en.json
//	page.go     the part that people read, an HTML page that needs nothing else; bundle.go puts both and the documents into one .zip
//	covered.go  each table and column in which something about a citizen can stand, and what becomes of it here
//
// Nothing of the file is kept: it would be another copy of everything. Its entry has its SHA-256 and the sorts of what stands in it. What belongs to
// another person is not in it, with two exceptions that concern the citizen: who acted for them is named, as in the account of a mandate, and whoever else was in the
// room, as the citizen's own terms name them. Who only read about them is told by their function and the place of the entry, which an auditor can follow up.
package dossier
