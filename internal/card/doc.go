// Package card keeps the stock of cards that show codes (TOTP). It owns the table credential_card.
//
// Administrators import cards from the file of their maker (import.go, file.go), note to which organisation one was sent, and which are lost
// (stock.go). A card in the stock is nobody's factor. It becomes one when somebody adds the card that they hold in their hand, and comes
// back when they remove it; that is an act on their factors, and package credential calls this one in it (give.go). What has become a
// factor has its own copy of the seed there: how its codes are checked is no matter of the stock.
//
//	stock ──Give──► given ──Return──► stock      in the acts of a person on their factors
//	stock ──Lose──► lost                         by an administrator
//	given ──Forfeit──► lost                      when a person's factors are reset
//
// Seeds are encrypted (internal/envelope) and never shown again. Compare holds the stock to the journal.
package card
