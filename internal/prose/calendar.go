package prose

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// calendar is how a language writes the days and hours of a translation, with {weekday}, {day}, {month} and {year}, {date} and {time} in their places. The months are as they stand
// beside a day. Digits are those of the mandate's other papers.
type calendar struct {
	weekdays [7]string // from Sunday
	months   [12]string
	day      string // without the day of the week
	date     string
	datetime string
}

// calendars are those of languages in which something is translated, by ISO 639-1 code; French and English are written by Day.
var calendars = map[string]calendar{
	"es": {[7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
		[12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		"{day} de {month} de {year}", "{weekday} {day} de {month} de {year}", "{date} a las {time}"},
	"pt": {[7]string{"domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado"},
		[12]string{"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"},
		"{day} de {month} de {year}", "{weekday}, {day} de {month} de {year}", "{date}, às {time}"},
	"ar": {[7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		[12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
		"{day} {month} {year}", "{weekday} {day} {month} {year}", "{date}، الساعة {time}"},
	"uk": {[7]string{"неділя", "понеділок", "вівторок", "середа", "четвер", "п’ятниця", "субота"},
		[12]string{"січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада", "грудня"},
		"{day} {month} {year} року", "{day} {month} {year} року ({weekday})", "{date} о {time}"},
	"tr": {[7]string{"Pazar", "Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi"},
		[12]string{"Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"},
		"{day} {month} {year}", "{day} {month} {year} {weekday}", "{date}, saat {time}"},
}

// Translated reports whether Date and DateTime write a language that is neither French nor English.
func Translated(lang string) bool {
	_, ok := calendars[lang]
	return ok
}

// dayIn writes a day of the calendar. One of which the day is not known is its month and year in figures: the month is not as it stands beside a day.
func (c calendar) dayIn(year int, month time.Month, day int) string {
	if day == 0 {
		return fmt.Sprintf("%02d/%d", month, year)
	}
	return c.write(c.day, time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// dateIn writes the day of an instant in Paris.
func (c calendar) dateIn(t time.Time) string { return c.write(c.date, t.In(Paris)) }

func (c calendar) write(pattern string, t time.Time) string {
	return strings.NewReplacer("{weekday}", c.weekdays[t.Weekday()], "{day}", strconv.Itoa(t.Day()), "{month}", c.months[t.Month()-1], "{year}", strconv.Itoa(t.Year())).Replace(pattern)
}

// at writes an instant in Paris after its date, which is written already.
func (c calendar) at(date string, t time.Time) string {
	return strings.NewReplacer("{date}", date, "{time}", t.In(Paris).Format("15:04")).Replace(c.datetime)
}
