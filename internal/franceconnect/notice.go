package franceconnect

import (
	"net/url"
	"regexp"
	"slices"

	"github.com/google/uuid"
)

// noticePrefix begins the i18n keys of messages for the identity page: each has .title, .what and .next.
const noticePrefix = "login.identity."

// About names a draft's message in the session: the identity page reads it with Sessions.Notice.
func About(draft uuid.UUID) string { return "draft:" + draft.String() }

// Notices lists every i18n key that the identity page may be told to show.
func Notices() []string {
	out := []string{}
	for _, name := range []string{"cancelled", "refused", "not_found", "several", "deceased", "register_down", "account_refused", "account_disabled",
		"session_lost", "suspicious", "unavailable", "technical", "wrong_answer", "incomplete", "minor", "draft_changed"} {
		out = append(out, noticePrefix+name)
	}
	return out
}

// ownRefusals are why a link for the citizen's phone was refused, beyond what FranceConnect says or the draft: each has .title, .what and
// .next under franceconnect.refused.
var ownRefusals = []string{"other_number", "other_browser", "session_over"}

// refusalKey is the beginning of the keys of the message with a name.
func refusalKey(name string) string {
	if slices.Contains(ownRefusals, name) {
		return "franceconnect.refused." + name
	}
	return noticePrefix + name
}

var yCode = regexp.MustCompile(`Y[0-9]{6}`)

// byCode says what FranceConnect's published codes mean for the people at the counter.
var byCode = map[string]string{
	"Y010004": "not_found", "Y010007": "not_found", "Y010008": "not_found", "Y010009": "not_found",
	"Y010006": "several",
	"Y010011": "register_down", "Y010012": "register_down", "Y010013": "register_down",
	"Y010015": "deceased",
	"Y020017": "account_refused", "Y020019": "account_refused", "Y020023": "account_refused", "Y100001": "account_refused", "Y100011": "account_refused",
	"Y030030": "cancelled",
	"Y180001": "account_disabled",
	"Y190001": "session_lost",
}

// notice says which message an error answer is. Without a code, FranceConnect's words tell giving up from being refused
// (both are access_denied); the suspicious device has no published code.
func notice(q url.Values) string {
	description := q.Get("error_description")
	if name, ok := byCode[yCode.FindString(description)]; ok {
		return name
	}
	switch q.Get("error") {
	case "access_denied":
		switch description {
		case "User auth aborted":
			return "cancelled"
		case "suspicious context":
			return "suspicious"
		}
		return "refused"
	case "temporarily_unavailable":
		return "register_down"
	}
	return "technical"
}
