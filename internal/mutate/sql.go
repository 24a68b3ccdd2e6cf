package mutate

import (
	"regexp"
	"strings"
)

// span is a condition of a statement, as offsets into the statement's text.
type span struct{ From, To int }

// sqlLike tells a statement, or a part of one, from words for people.
var sqlLike = regexp.MustCompile(`(?is)\bselect\b|\bupdate\b.+\bset\b|\bdelete from\b|\binsert into\b|\b[a-z]+\.[a-z_]+\s*(=|<|>|\bis\b)`)

// word is one word, sign or parenthesis of a statement.
type word struct {
	text     string
	From, To int
}

var sqlWord = regexp.MustCompile(`'(?:[^']|'')*'|[a-zA-Z_\x00][a-zA-Z_0-9.\x00]*|\$?[0-9]+|[(),;]|[^\sa-zA-Z0-9(),;'\x00]+`)

func words(sql string) []word {
	var out []word
	for _, at := range sqlWord.FindAllStringIndex(sql, -1) {
		out = append(out, word{strings.ToLower(sql[at[0]:at[1]]), at[0], at[1]})
	}
	return out
}

// level is what is known inside one pair of parentheses: where the condition at hand began (-1: none has), and whether it
// is one for sure. After select, or at an opening parenthesis, it is only one if an and or an or comes.
type level struct {
	begin   int
	sure    bool
	between bool
}

// Words that begin a condition, and those that end one without beginning another.
var (
	begins = map[string]bool{"where": true, "on": true, "when": true, "having": true}
	ends   = map[string]bool{"returning": true, "order": true, "group": true, "limit": true, "for": true, "union": true, "from": true, "set": true, "then": true,
		"else": true, "end": true, "join": true, "left": true, "inner": true, "cross": true, "using": true, "values": true, "do": true, "offset": true, "as": true, "window": true}
)

// conditions finds those of a statement: each part of a where, and each of a list of things that are joined by and or or.
// A \x00 in the text stands for a part that is written elsewhere.
func conditions(sql string) []span {
	var out []span
	all := words(sql)
	levels := []level{{begin: 0}}
	if len(all) > 0 {
		levels[0].begin = all[0].From
	}
	last := 0 // where the word before ended
	closing := func(l *level) {
		if l.begin >= 0 && l.sure && last > l.begin {
			out = append(out, span{l.begin, last})
		}
		l.begin, l.sure = -1, false
	}
	for i, w := range all {
		l := &levels[len(levels)-1]
		next := len(sql)
		if i+1 < len(all) {
			next = all[i+1].From
		}
		switch {
		case w.text == "(":
			levels = append(levels, level{begin: next})
		case w.text == ")" && len(levels) > 1:
			closing(l)
			levels = levels[:len(levels)-1]
		case w.text == "between":
			l.between = true
		case w.text == "and" && l.between:
			l.between = false
		case w.text == "and" || w.text == "or":
			if l.begin >= 0 {
				l.sure = true
				closing(l)
				l.begin, l.sure = next, true
			}
		case w.text == "on" && i+1 < len(all) && all[i+1].text == "conflict":
			closing(l)
		case begins[w.text]:
			closing(l)
			l.begin, l.sure = next, true
		case w.text == "select":
			l.begin, l.sure = next, false
		case w.text == "from" && i > 0 && all[i-1].text == "distinct":
		case ends[w.text] || w.text == "," || w.text == ";":
			closing(l)
		}
		last = w.To
	}
	for len(levels) > 0 {
		closing(&levels[len(levels)-1])
		levels = levels[:len(levels)-1]
	}
	return out
}
