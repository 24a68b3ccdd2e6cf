package private

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// password finds the words after which a secret is written, in a folded text.
var password = lazily(`\b(mots?[\s_.-]{0,3}de[\s_.-]{0,3}passes?|m\.?d\.?p\b\.?|codes?[\s_.-]{0,3}(secrets?|confidentiels?|pin|personnels?|d.acces|de[ _](la[ _])?carte|de[ _]securite)` +
	`|cryptogrammes?( visuels?)?|secret codes?|pin codes?|access codes?|pass ?words?|pass ?codes?|passphrases?|passwd|pwd)`)

// pin finds the number of a card or a telephone behind its short name. Nothing else does: "rue du Pin 12, 31370 Le Pin".
var pin = lazily(`\bpin\b[^0-9a-z]{0,4}(\d{4}|\d{6}|\d{8})\b`)

// failed are how words begin that say why a password is of no use, harmless all that may stand behind "mot de passe" when it is only spoken of ("mot de
// passe oublié").
var (
	failed = strings.Fields(`oubli perdu refus bloqu expir incorrect errone faux invalid inconnu egar vole pirat compromis introuvable manqu perime faible requis trop non pas
		forgot lost wrong expired locked unknown missing`)
	harmless = append(strings.Fields(`chang reinit modif provisoire temporaire nouveau nouvel ancien cree recree
	renouvel demand envoy recu recuper retrouv regener saisi choisi defini fourni enregistr remplac reset new old refresh sent received
	trouv gard conserv detrui redefini actualis verifi affich tape note donne communiqu ni
	asked requested chosen unusable not no was were is are has had and or for of by from to with without
	a au aux de des du d l le la les un une plus par pour sur sous sans avec et ou en dans qui que ne n est etait a ete sera son sa ses mon ma mes votre leur notre
	franceconnect ameli caf impots usager personne compte mandat site via soit ok
	elle il ils elles on nous je j c s tout tous rien aucun voir rappel attend attent toujours encore deja maintenant merci dossier courrier mail sms lien bancaire bleue vitale grise social`),
		failed...)
)

// assigned are the signs and words by which a value is given, given those that do so further behind.
var (
	assigned = lazily(`^[ )\]]*(:|=|->|=>|→|«|"|“|'|est ?:|is ?:|c'est)`)
	given    = lazily(`[:=→]|->`)
	clause   = lazily(`[,;\n]|[.!?](\s|$)`)
	sentence = lazily(`[;\n]|[.!?](\s|$)`)
	inside   = lazily(`\d:\d|://`) // a time, an address
)

// follows is how many bytes after those words are looked at, and nearby how many words.
const (
	follows = 80
	nearby  = 8
)

// holdsPassword reports whether a secret seems to follow one of those words: after a colon or the like anything does but why one is of no use, else a word with a digit or a sign in
// it, or one that is not among the harmless.
func holdsPassword(text string) bool {
	for _, at := range password().FindAllStringIndex(text, -1) {
		end := min(at[1]+follows, len(text))
		for end < len(text) && !utf8.RuneStart(text[end]) {
			end--
		}
		rest := text[at[1]:end]
		if sign := assigned().FindString(rest); sign != "" {
			said := strings.Fields(rest[len(sign):])
			if len(said) > 0 && (!isFailed(said[0]) || isNear(rest[len(sign):], false)) {
				return true
			}
			continue
		}
		if isSecret(strings.Fields(rest)) || isGiven(rest) || isNear(rest, strings.HasPrefix(text[at[0]:], "code")) {
			return true
		}
	}
	return pin().MatchString(text)
}

// isSecret judges the words after "mot de passe": "est" and "is" are looked past.
func isSecret(words []string) bool {
	if len(words) > 1 && (words[0] == "est" || words[0] == "is") {
		words = words[1:]
	}
	if len(words) == 0 {
		return false
	}
	bare := trim(words[0])
	switch {
	case bare == "":
		return false
	case strings.ContainsAny(bare, "0123456789@#$%&*+_!?"):
		return true
	}
	return !isOne(bare, harmless) && !isUseless(words)
}

// isUseless reports whether one of the first words, before any sign, says why a password is of no use: "mot de passe Doctolib oublié".
func isUseless(words []string) bool {
	for _, w := range words[:min(4, len(words))] {
		if isFailed(w) {
			return true
		}
		if trim(w) != w {
			return false
		}
	}
	return false
}

// isFailed reports whether a word says that, and has no sign of a password in it.
func isFailed(word string) bool {
	return isOne(trim(word), failed) && !strings.ContainsAny(trim(word), "0123456789@#$%&*+_!?")
}

// isGiven reports whether a value is given further behind in the same clause: "mot de passe de son compte : soleil", not "mot de passe oublié : dossier à refaire".
func isGiven(rest string) bool {
	rest = inside().ReplaceAllString(rest, "")
	said := until(clause(), rest)
	at := given().FindStringIndex(said)
	if at == nil || slices.ContainsFunc(strings.Fields(said[:at[0]]), isFailed) {
		return false
	}
	return isSecret(strings.Fields(strings.TrimLeft(rest[at[1]:], ":=> \n«\"“'")))
}

// until is a text up to where one of some signs stands.
func until(signs *regexp.Regexp, text string) string {
	if end := signs.FindStringIndex(text); end != nil {
		return text[:end[0]]
	}
	return text
}

var (
	// referring are words behind which a number of another kind stands, plain what else is written with letters and digits: times, ranks, amounts, addresses of mail.
	referring = strings.Fields(`dossier reference ref recu recepisse demande ticket formulaire cerfa courrier facture contrat avis piece titre passeport carte no n° nº numero article batiment allocataire matricule identifiant adherent`)
	plain     = lazily(`^(\d{1,2}h(\d\d)?|\d+(er|ere|e|eme|ieme|nd|nde|st|rd|th)|[\d.,]+(eur|euros?|€|k|min|mn|j|jours?|mois|ans?|h|x|fois|%)|n[o°º]?\d.*|[a-z0-9._+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+)$`)
	letters   = lazily(`[a-z]`)
	mixed     = lazily(`[0-9]|[^\s@#$%&*+_!][@#$%&*+_!]+[^\s@#$%&*+_!]`)
	money     = lazily(`^(€|eur)`)
	code      = lazily(`^(\d{4}|\d{6}|\d{8})$`)
)

// isNear reports whether one of the next words looks like a password: letters with digits or signs among them, or, after "code", as many digits as codes have.
func isNear(rest string, digits bool) bool {
	words := strings.Fields(until(sentence(), rest))
	for n, word := range words[:min(nearby, len(words))] {
		bare, before, after := trim(word), "", ""
		if n > 0 {
			before = words[n-1]
		}
		if n+1 < len(words) {
			after = words[n+1]
		}
		digits = digits && !strings.HasSuffix(before, ",")
		switch {
		case len(bare) < 4 || plain().MatchString(bare) || isOne(trim(before), referring):
		case letters().MatchString(bare) && mixed().MatchString(bare):
			return true
		case digits && code().MatchString(bare) && !strings.HasPrefix(bare, "20") && !money().MatchString(after):
			return true
		}
	}
	return false
}

func trim(word string) string { return strings.Trim(word, `.,;:!?()[]…»«"'’-–—/`) }

// isOne reports whether a word begins as one of a list does; those of up to three letters are whole words.
func isOne(bare string, list []string) bool {
	return slices.ContainsFunc(list, func(h string) bool {
		if len(h) <= 3 {
			return bare == h || strings.HasPrefix(bare, h+"'") || strings.HasPrefix(bare, h+"’")
		}
		return strings.HasPrefix(bare, h)
	})
}
