package staff

import "mandat/internal/org"

// Choice is a line of a list to choose from.
type Choice struct{ Value, Text string }

// Kinds are the kinds of organisations in words of a language ("fr" or "en"), in the order of org.Kinds.
func Kinds(lang string) []Choice {
	var out []Choice
	for _, k := range org.Kinds() {
		text := k.French
		if lang == "en" {
			text = k.English
		}
		out = append(out, Choice{k.Key, text})
	}
	return out
}

// Kind says in words what an organisation is, "" when it is not known.
func Kind(lang string, o org.Organisation) string {
	if o.KindOther != "" {
		return o.KindOther
	}
	for _, k := range Kinds(lang) {
		if k.Value == o.Kind {
			return k.Text
		}
	}
	return ""
}
