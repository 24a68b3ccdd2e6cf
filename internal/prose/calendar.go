package prose

import (
	"strconv"
	"strings"
	"time"
)

// calendar is how a language writes the days and hours of a translation, with {weekday}, {day}, {month} and {year}, {date} and {time} in their places. The months are as they stand
// beside a day. Digits are those of the mandate's other papers.
type calendar struct {
	weekdays [7]string // from Sunday
	months   [12]string
	date     string
	datetime string
}

// calendars are those of languages in which something is translated, by ISO 639-1 code; French and English are written by Day.
var calendars = map[string]calendar{
	"es": {[7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
		[12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		"{weekday} {day} de {month} de {year}", "{date} a las {time}"},
	"pt": {[7]string{"domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado"},
		[12]string{"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"},
		"{weekday}, {day} de {month} de {year}", "{date}, às {time}"},
	"ar": {[7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		[12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
		"{weekday} {day} {month} {year}", "{date}، الساعة {time}"},
	"uk": {[7]string{"неділя", "понеділок", "вівторок", "середа", "четвер", "п’ятниця", "субота"},
		[12]string{"січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада", "грудня"},
		"{day} {month} {year} року ({weekday})", "{date} о {time}"},
	"tr": {[7]string{"Pazar", "Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi"},
		[12]string{"Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"},
		"{day} {month} {year} {weekday}", "{date}, saat {time}"},
}

// Translated reports whether Date and DateTime write a language that is neither French nor English.
func Translated(lang string) bool {
	_, ok := calendars[lang]
	return ok
}

// dateIn writes the day of an instant in Paris.
func (c calendar) dateIn(t time.Time) string {
	t = t.In(Paris)
	return strings.NewReplacer("{weekday}", c.weekdays[t.Weekday()], "{day}", strconv.Itoa(t.Day()), "{month}", c.months[t.Month()-1], "{year}", strconv.Itoa(t.Year())).Replace(c.date)
}

// datetimeIn writes an instant in Paris.
func (c calendar) datetimeIn(t time.Time) string {
	return strings.NewReplacer("{date}", c.dateIn(t), "{time}", t.In(Paris).Format("15:04")).Replace(c.datetime)
}
