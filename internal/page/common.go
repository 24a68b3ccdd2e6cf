package page

// Common is embedded by every page struct. A handler sets Title and what its page needs of the rest; Render fills in
// Lang, Base, SignedIn and Languages.
type Common struct {
	Title       string         // i18n key of the title and, usually, of the h1; no personal data
	TitleArgs   map[string]any // values for Title
	Trail       []Link         // the way back: breadcrumb from the home page to the page above this one
	Current     string         // the path of the navigation link that is this page or stands for it
	Form        *Form          // of a page with a form: what was sent and what is wrong with it; nil before anything was sent
	FormOrigins []string       // origins ("https://fc.example") to which a POST of this page may be redirected
	Scripts     []string       // ES modules of this page ("js/passkey.js"); they may speak to our own addresses
	KeepQuery   []string       // names of query parameters that the language links keep; where the address has none, from the field of Form of that name
	Here        string         // path of the page that this is, when it answers a POST to an address that no GET has; "" for the nearest page above it
	// LanguageForm is the id of the page's form, "" for none: the languages of the header are then buttons that send it to its page with what is in it, which is shown
	// again in that language (AsksLanguage).
	LanguageForm string
	LanguageTo   string     // where they send it, set by Render
	NoIndex      bool       // ask search engines to forget the page
	Lang         string     // "fr" or "en", set by Render
	Base         string     // what the addresses of an organisation's pages begin with, set by Render; "" for most people
	SignedIn     *Who       // set by Render
	Languages    []Language // the language links of the header, set by Render
}

// Link is a place to go: a path of ours and the i18n key of its text.
type Link struct{ Href, Text string }

// Language is a link to this page in a language.
type Language struct {
	Tag, Name, Href string
	Current         bool
}

func (c *Common) common() *Common { return c }

// Page is a pointer to a struct that embeds Common.
type Page interface{ common() *Common }
