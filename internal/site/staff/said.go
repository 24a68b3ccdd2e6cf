package staff

import "strings"

// saidAs lists the members of entries' details whose values are code words, under "action member" or "noun member", with the beginning of the keys of what they say.
var saidAs = map[string]string{
	"person roles":           "meaning.said.role.",
	"person kind":            "meaning.said.contact.",
	"key use":                "meaning.said.use.",
	"factor kind":            "meaning.said.factor.",
	"session method":         "meaning.said.signed_in.",
	"draft method":           "meaning.said.identified.",
	"draft reason":           "meaning.said.cannot.",
	"phone why":              "meaning.said.number.",
	"consent.ignored why":    "meaning.said.ignored.",
	"consent.failed why":     "meaning.said.failed.",
	"mandate reason":         "meaning.said.ended.",
	"mandate page":           "meaning.said.page.",
	"mandate format":         "meaning.said.format.",
	"attestation kind":       "meaning.said.paper.",
	"receipt kind":           "meaning.said.receipt.",
	"power.ended reason":     "meaning.said.ended.",
	"power.abandoned why":    "meaning.said.abandoned.",
	"power.refused reason":   "meaning.said.refused.",
	"power way":              "meaning.said.way.",
	"power outcome":          "meaning.said.account.",
	"decision reason":        "meaning.said.refused.",
	"job kind":               "admin.job.",
	"journal filters":        "meaning.said.sort.",
	"statistics format":      "meaning.said.format.",
	"erasure why":            "meaning.said.released.",
	"retention policy":       "keep.what.",
	"retention unit":         "meaning.said.unit.",
	"unsealing reason":       "meaning.said.unsealing.",
	"anomaly rule":           "alerts.rule.",
	"anomaly kind":           "alerts.kind.",
	"sample.checked outcome": "meaning.said.sample.",
	"inquiry gravity":        "meaning.said.gravity.",
	"inquiry outcome":        "meaning.said.outcome.",
	"recipient page":         "meaning.said.part.",
	"recipient reason":       "meaning.said.unshown.",
	"signal kind":            "receiving.kind.",
	"signal outcome":         "receiving.outcome.",
}

// Said puts the code word that a member of an entry's detail has into words of a language. Text is that of page.Pages. What nobody has words for, such as what another version of
// the program wrote, stays as it is.
func Said(text func(lang, key string, args ...any) (string, error), lang, action, member, code string) string {
	noun, _, _ := strings.Cut(action, ".")
	for _, of := range []string{action, noun} {
		if keys := saidAs[of+" "+member]; keys != "" {
			if words, err := text(lang, keys+strings.ReplaceAll(code, "-", "_")); err == nil {
				return words
			}
		}
	}
	return code
}
