package private

import (
	"regexp"
	"slices"
	"strings"
)

// password finds the words after which a secret is written, in a folded text.
var password = regexp.MustCompile(`\b(mots?[ _.-]{0,3}de[ _.-]{0,3}passe|m\.?d\.?p\b\.?|codes?[ _.-]{0,3}(secrets?|confidentiels?|pin|personnels?)|secret codes?|pin codes?|pass ?words?|pass ?codes?|passphrases?|passwd|pwd)`)

// harmless are how words begin that follow "mot de passe" when it is only spoken of ("mot de passe oublié").
var harmless = strings.Fields(`oubli perdu chang reinit modif refus bloqu expir provisoire temporaire nouveau nouvel ancien incorrect errone faux invalid inconnu cree recree
	renouvel demand envoy recu recuper retrouv regener saisi choisi defini fourni enregistr remplac reset forgot lost new old wrong refresh expired locked unknown sent received
	trop trouv gard conserv detrui redefini actualis verifi egare vole pirat compromis affich tape note donne communiqu ni
	asked requested chosen missing unusable not no was were is are has had and or for of by from to with without
	a au aux de des du d l le la les un une non pas plus par pour sur sous sans avec et ou en dans qui que ne n est etait a ete sera son sa ses mon ma mes votre leur notre
	franceconnect ameli caf impots usager personne compte mandat site via soit ok`)

// assigned are the signs and words by which a value is given.
var assigned = regexp.MustCompile(`^[ )\]]*(:|=|->|=>|→|«|"|“|'|est ?:|is ?:|c'est)`)

// follows is how many bytes after those words are looked at.
const follows = 80

// holdsPassword reports whether a secret seems to follow one of those words: after a colon or the like anything does, else a word with a digit or a sign in
// it, or one that is not among the harmless.
func holdsPassword(text string) bool {
	for _, at := range password.FindAllStringIndex(text, -1) {
		rest := text[at[1]:min(at[1]+follows, len(text))]
		if sign := assigned.FindString(rest); sign != "" {
			if strings.TrimSpace(rest[len(sign):]) != "" {
				return true
			}
			continue
		}
		if isSecret(strings.Fields(rest)) {
			return true
		}
	}
	return false
}

// isSecret judges the words after "mot de passe": "est" and "is" are looked past.
func isSecret(words []string) bool {
	if len(words) > 1 && (words[0] == "est" || words[0] == "is") {
		words = words[1:]
	}
	if len(words) == 0 {
		return false
	}
	bare := strings.Trim(words[0], `.,;!?()[]…»"'-–—/`)
	switch {
	case bare == "":
		return false
	case strings.ContainsAny(bare, "0123456789@#$%&*+_!?"):
		return true
	}
	return !slices.ContainsFunc(harmless, func(h string) bool {
		if len(h) <= 3 {
			return bare == h || strings.HasPrefix(bare, h+"'") || strings.HasPrefix(bare, h+"’")
		}
		return strings.HasPrefix(bare, h)
	})
}
