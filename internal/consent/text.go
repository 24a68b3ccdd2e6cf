package consent

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"mandat/internal/prose"
)

// PartUnits is how long one message is at the most, in UTF-16 units: four SMS of the alphabet that has every letter (67 units each in a long one,
// 3GPP TS 23.040 section 9.2.3.24.1), which every network puts together again.
const PartUnits = 268

// partsMost is in how many messages a recap goes.
const partsMost = 30

// terms are what the messages say.
type terms struct {
	organisation, contact string
	procedures            []string
	endsAt, answerBy      time.Time
	lang                  string
}

// domain is what programs that show messages would make a link of.
var domain = regexp.MustCompile(`\.([\pL\pN-]{2,})`)

// line makes a name one line without links: somebody else chose it.
func line(s string) string {
	s = domain.ReplaceAllString(strings.NewReplacer("://", " ", "@", " ").Replace(s), ". $1")
	return strings.Join(strings.Fields(s), " ")
}

// recap is what the mandate would be, in messages of at most PartUnits, or ErrTooLong.
func (t terms) recap() ([]string, error) {
	var b strings.Builder
	organisation, until := line(t.organisation), prose.Date(t.lang, t.endsAt)
	if t.lang == "en" {
		fmt.Fprintf(&b, "%s proposes a mandate to you: %s, until %s:\n", organisation, count(len(t.procedures), "procedure", "procedures"), until)
	} else {
		fmt.Fprintf(&b, "%s vous propose un mandat : %s, jusqu'au %s :\n", organisation, count(len(t.procedures), "démarche", "démarches"), until)
	}
	for _, p := range t.procedures {
		b.WriteString("- " + line(p) + "\n")
	}
	if t.lang == "en" {
		fmt.Fprintf(&b, "You can end it at any time: %s.", t.contact)
	} else {
		fmt.Fprintf(&b, "Vous pourrez y mettre fin à tout moment : %s.", t.contact)
	}
	return Split(b.String(), PartUnits)
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// request asks the question.
func (t terms) request() string {
	if t.lang == "en" {
		return fmt.Sprintf("Mandate of %s (%s, until %s): do you agree? Reply YES to agree, NO to refuse, before %s.", clip(line(t.organisation)), count(len(t.procedures), "procedure", "procedures"),
			prose.Date(t.lang, t.endsAt), prose.DateTime(t.lang, t.answerBy))
	}
	return fmt.Sprintf("Mandat de %s (%s, jusqu'au %s) : êtes-vous d'accord ? Répondez OUI pour accepter, NON pour refuser, avant le %s.", clip(line(t.organisation)), count(len(t.procedures), "démarche", "démarches"),
		prose.Date(t.lang, t.endsAt), prose.DateTime(t.lang, t.answerBy))
}

// clip shortens a name that stood whole in the recap.
func clip(name string) string {
	if r := []rune(name); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return name
}

// The messages after an answer.
const (
	again     = "again"
	withdrawn = "withdrawn" // again, after a yes that does not count any more
	accepted  = "accepted"
	refused   = "refused"
	stopped   = "stopped" // refused, and nothing more is to be asked
	closed    = "closed"
	late      = "late"
	signed    = "signed" // late, because the mandate is signed already
)

// variants are other words of a kind, under which they are kept.
var variants = map[string]string{withdrawn: again, stopped: refused, signed: late}

// reply is what the citizen is told of their answer.
func reply(kind, lang, contact string) string {
	fr := map[string]string{
		again:     "Nous n'avons pas compris votre réponse. Répondez seulement OUI pour accepter le mandat, NON pour refuser.",
		withdrawn: "Nous n'avons pas compris votre réponse : votre accord d'avant ne compte plus. Répondez seulement OUI pour accepter le mandat, NON pour refuser.",
		accepted:  "Votre accord est noté. Si vous changez d'avis, répondez NON avant la signature, ou appelez le " + contact + ".",
		refused:   "Votre refus est noté : ce mandat ne sera pas signé sur votre réponse. Aucun autre ne vous sera demandé ici par SMS dans les 24 heures.",
		stopped:   "Votre refus est noté : ce mandat ne sera pas signé sur votre réponse. Aucun autre ne vous sera demandé ici par SMS pendant 90 jours, sauf si vous vous identifiez d'ici là auprès de l'organisme.",
		closed:    "Nous n'avons pas compris vos réponses. La demande est close : ce mandat ne sera pas signé sur votre réponse.",
		signed:    "Ce mandat a déjà été signé : votre réponse n'a rien changé. Pour y mettre fin, à tout moment, appelez le " + contact + ".",
		late:      "Cette demande n'est plus ouverte : votre réponse n'a rien changé. Pour mettre fin à un mandat, appelez le " + contact + ".",
	}
	en := map[string]string{
		again:     "We did not understand your answer. Reply only YES to agree to the mandate, NO to refuse.",
		withdrawn: "We did not understand your answer: your agreement from before no longer counts. Reply only YES to agree to the mandate, NO to refuse.",
		accepted:  "Your agreement is noted. If you change your mind, reply NO before it is signed, or call " + contact + ".",
		refused:   "Your refusal is noted: this mandate will not be signed on your answer. You will not be asked here about another one by SMS within 24 hours.",
		stopped:   "Your refusal is noted: this mandate will not be signed on your answer. You will not be asked here about another one by SMS for 90 days, unless you prove your identity to the organisation before.",
		closed:    "We did not understand your answers. The request is closed: this mandate will not be signed on your answer.",
		signed:    "This mandate was signed already: your answer changed nothing. To end it, at any time, call " + contact + ".",
		late:      "This request is no longer open: your answer changed nothing. To end a mandate, call " + contact + ".",
	}
	if lang == "en" {
		return en[kind]
	}
	return fr[kind]
}

// Split cuts a text into messages of at most a number of UTF-16 units, at ends of lines, else between words, else anywhere. More than one are
// numbered: "(1/3) …". It returns ErrTooLong for more than thirty.
func Split(text string, units int) ([]string, error) {
	text = strings.ToValidUTF8(text, "")
	if length(text) <= units {
		return []string{text}, nil
	}
	const room = len("(30/30) ")
	var parts []string
	for rest := text; rest != ""; {
		part, after := cut(rest, units-room)
		parts, rest = append(parts, part), after
	}
	if len(parts) > partsMost {
		return nil, ErrTooLong
	}
	for i := range parts {
		parts[i] = fmt.Sprintf("(%d/%d) %s", i+1, len(parts), parts[i])
	}
	return parts, nil
}

// cut takes the first part of a text off.
func cut(text string, units int) (part, rest string) {
	if length(text) <= units {
		return strings.TrimSpace(text), ""
	}
	end, used := 0, 0
	for i, c := range text {
		if used += utf16.RuneLen(c); used > units {
			break
		}
		end = i + len(string(c))
	}
	for _, at := range []string{"\n", " "} {
		if i := strings.LastIndex(text[:end], at); i > end/3 {
			end = i + 1
			break
		}
	}
	return strings.TrimSpace(text[:end]), strings.TrimSpace(text[end:])
}

func length(s string) int {
	n := 0
	for _, c := range s {
		n += max(utf16.RuneLen(c), 1)
	}
	return n
}
