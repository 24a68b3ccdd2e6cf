package citizen

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ligatures are letters that decomposition leaves whole.
var ligatures = map[rune]string{'œ': "oe", 'æ': "ae", 'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ŧ': "t"}

// joins reports whether a letter joins two words to a compound: a hyphen or an apostrophe, in any of the forms in which keyboards and registers
// write them. Some of them are letters to Unicode.
func joins(r rune) bool {
	return strings.ContainsRune("-'’‘ʼʻ´`\u2010\u2011\u2012\u2013\u00ad", r)
}

// What fold does with an ASCII letter, beside keeping it in lower case.
const (
	ends = 0 // the word and the compound end
	ties = 1 // the word ends, and the compound goes on
)

// ascii is, for each ASCII letter, its lower case, ends or ties.
var ascii = func() (table [utf8.RuneSelf]byte) {
	for r := range table {
		switch c := byte(r); {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			table[r] = c
		case 'A' <= c && c <= 'Z':
			table[r] = c + 'a' - 'A'
		case joins(rune(c)):
			table[r] = ties
		}
	}
	return table
}()

// Letters from firstLatin to before lastLatin are those of European languages.
const firstLatin, lastLatin = 0xc0, 0x250

// latin is the bare ASCII letter of each of those that are one with an accent, in lower case, and 0 for the others. Normalising a name takes ten times as long.
var latin = sync.OnceValue(func() *[lastLatin - firstLatin]byte {
	var table [lastLatin - firstLatin]byte
	for n := range table {
		bare := norm.NFD.String(string(rune(firstLatin + n)))
		if c := bare[0]; c < utf8.RuneSelf {
			table[n] = ascii[c]
		}
	}
	return &table
})

// fold appends the words of a name to dst, each behind a blank, without accents and case: what people type at a counter. Of a compound it appends
// the words and then the whole ("Jean-Pierre": " jean pierre jeanpierre"), because people type it with the hyphen, with a blank and with neither.
func fold(dst, name []byte) []byte {
	begin := len(dst)
	f := folding{dst: dst, run: begin, word: begin}
	for n := 0; n < len(name); n++ {
		c := name[n]
		if c < utf8.RuneSelf {
			f.ascii(ascii[c])
			continue
		}
		r, size := utf8.DecodeRune(name[n:])
		if r < firstLatin || r >= lastLatin || latin()[r-firstLatin] == 0 {
			f = folding{dst: dst[:begin], run: begin, word: begin}
			f.letters(norm.NFD.Bytes(name))
			return f.end()
		}
		f.ascii(latin()[r-firstLatin])
		n += size - 1
	}
	return f.end()
}

// folding is fold under way.
type folding struct {
	dst       []byte
	run, word int // where the compound and the word under way begin
	tied      bool
}

func (f *folding) ascii(c byte) {
	switch c {
	case ends:
		f.end()
	case ties:
		f.word = len(f.dst)
	default:
		f.begin()
		f.dst = append(f.dst, c)
	}
}

// letters folds a name in which something is no ASCII letter.
func (f *folding) letters(name []byte) {
	for len(name) > 0 {
		r, size := utf8.DecodeRune(name)
		name = name[size:]
		switch {
		case joins(r):
			f.ascii(ties)
		case r < utf8.RuneSelf:
			f.ascii(ascii[r])
		case unicode.Is(unicode.Mn, r) || unseen(r):
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			f.ascii(ends)
		default:
			f.begin()
			r = unicode.ToLower(unicode.ToUpper(r)) // by way of the upper case: σ and ς, i and ı are one
			if plain, ok := ligatures[r]; ok {
				f.dst = append(f.dst, plain...)
			} else {
				f.dst = utf8.AppendRune(f.dst, r)
			}
		}
	}
}

// begin begins a word with the blank before it, unless it has begun.
func (f *folding) begin() {
	if len(f.dst) == f.word {
		f.tied = f.word > f.run
		f.dst = append(f.dst, ' ')
	}
}

// end ends the compound: when it has several words, they are appended as one.
func (f *folding) end() []byte {
	if f.tied {
		end := len(f.dst)
		f.dst = append(f.dst, ' ')
		for n := f.run; n < end; n++ {
			if c := f.dst[n]; c != ' ' {
				f.dst = append(f.dst, c)
			}
		}
	}
	f.run, f.word, f.tied = len(f.dst), len(f.dst), false
	return f.dst
}
