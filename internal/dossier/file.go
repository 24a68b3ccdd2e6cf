package dossier

import (
	"time"

	"mandat/internal/citizen"
)

// Format names the version of the machine-readable part. A change of what a member means gets another name.
const Format = "mandat-dossier-v1"

// File is all that is kept about one citizen by one organisation. Times are UTC. Persons are named where they acted for the citizen.
type File struct {
	Format       string       `json:"format"`
	MadeAt       time.Time    `json:"made_at"`
	Organisation Organisation `json:"organisation"`
	Citizen      Person       `json:"citizen"`
	Telephones   []Telephone  `json:"telephones"`
	Mandates     []Mandate    `json:"mandates"` // the oldest first
	Drafts       []Draft      `json:"drafts"`
	Requests     []Request    `json:"requests_for_consent"`
	Mails        []Mail       `json:"mails"`
	Services     []Service    `json:"known_to_services"`
	Logins       []Login      `json:"logins"`
	Sessions     []Session    `json:"sessions_at_services"`
	Answers      []Answer     `json:"answers_to_services"`
	Holds        []Hold       `json:"holds"`
	Erasures     []Erasure    `json:"requests_for_erasure"`
	Unsealings   []Unsealing  `json:"unsealings"`
	Entries      []Entry      `json:"entries"`          // the newest first
	EntriesLeft  int          `json:"entries_left_out"` // older ones, which do not stand here
	Attachments  []Attachment `json:"attachments"`
}

// Organisation is who keeps what the file says.
type Organisation struct {
	Name    string `json:"name"`
	SIRET   string `json:"siret"`
	Address string `json:"address"`
	Phone   string `json:"phone"`
	Email   string `json:"email"`
}

// Person is the citizen.
type Person struct {
	ID           string           `json:"id"` // their pseudonym in the journal
	Identity     citizen.Identity `json:"identity"`
	IdentifiedBy string           `json:"identified_by"`
	IdentifiedAt time.Time        `json:"identified_at"`
	KnownSince   time.Time        `json:"known_since"`
	Mails        string           `json:"mails"` // all, guards or none
	MailsSince   time.Time        `json:"mails_since,omitzero"`
	MailLinks    []time.Time      `json:"mail_links_made_at,omitempty"`
}

// Telephone is a number of the citizen.
type Telephone struct {
	State      string    `json:"state"`
	Number     string    `json:"number,omitempty"`
	AskedAt    time.Time `json:"asked_at"`
	AskedBy    string    `json:"asked_by,omitempty"`
	Barred     string    `json:"barred,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	AllowedAt  time.Time `json:"allowed_at,omitzero"`
	AllowedBy  string    `json:"allowed_by,omitempty"`
	CodeSentAt time.Time `json:"code_sent_at,omitzero"`
	VerifiedAt time.Time `json:"verified_at,omitzero"`
	VerifiedBy string    `json:"verified_by,omitempty"`
	RemovedAt  time.Time `json:"removed_at,omitzero"`
	RemovedBy  string    `json:"removed_by,omitempty"`
}

// Mandate is a mandate that the citizen gave.
type Mandate struct {
	Number       int       `json:"number"` // in this file
	ID           string    `json:"id"`
	State        string    `json:"state"`
	SignedAt     time.Time `json:"signed_at"`
	StartsAt     time.Time `json:"starts_at"`
	EndsAt       time.Time `json:"ends_at"`
	LastsUntil   time.Time `json:"lasts_until,omitzero"`
	EndedAt      time.Time `json:"ended_at,omitzero"`
	EndedBy      string    `json:"ended_by,omitempty"`
	EndReason    string    `json:"end_reason,omitempty"`
	DrawnUpBy    string    `json:"drawn_up_by,omitempty"`
	Witness      string    `json:"witness,omitempty"`
	IdentifiedBy string    `json:"identified_by"`
	IdentifiedAt time.Time `json:"identified_at"`
	ConsentBy    string    `json:"consent_by"`
	SignedWith   string    `json:"signed_with,omitempty"`
	Renews       string    `json:"renews,omitempty"`
	Transfers    string    `json:"transfers,omitempty"`
	Terms        any       `json:"terms"` // as they were agreed
	TermsSHA256  string    `json:"terms_sha256"`
	Powers       []Power   `json:"powers"`
	Uses         []Use     `json:"uses"`
	Receipts     []Receipt `json:"receipts"`
	Reminded     time.Time `json:"end_reminded_at,omitzero"` // the aidant, that it ends soon
	Documents    []string  `json:"documents,omitempty"`      // names of attachments
}

// Power is one thing that a mandate permits.
type Power struct {
	Procedure string    `json:"procedure"`
	Name      string    `json:"name"`
	Case      string    `json:"case,omitempty"`
	Level     string    `json:"level"`
	State     string    `json:"state,omitempty"`
	StartsAt  time.Time `json:"starts_at,omitzero"`
	EndsAt    time.Time `json:"ends_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	EndReason string    `json:"end_reason,omitempty"`
}

// Use is one use of a power, with what was said of it.
type Use struct {
	Procedure string    `json:"procedure"`
	Name      string    `json:"name"`
	Case      string    `json:"case,omitempty"`
	Way       string    `json:"way"`
	Service   string    `json:"service,omitempty"`
	UsedAt    time.Time `json:"used_at"`
	UsedBy    string    `json:"used_by,omitempty"`
	Accounts  []Account `json:"accounts"`
}

// Account is what was said of a use.
type Account struct {
	Outcome  string    `json:"outcome"`
	Site     string    `json:"site,omitempty"`
	Receipt  string    `json:"receipt,omitempty"`
	Note     string    `json:"note,omitempty"`
	Supplied bool      `json:"supplied_by_citizen"`
	GivenAt  time.Time `json:"given_at"`
	GivenBy  string    `json:"given_by,omitempty"`
}

// Receipt is a place in a status list that somebody was given.
type Receipt struct {
	Audience  string    `json:"audience"` // a service, or who is shown it
	Procedure string    `json:"procedure,omitempty"`
	MadeAt    time.Time `json:"made_at"`
}

// Draft is a mandate that was drawn up.
type Draft struct {
	State        string            `json:"state"`
	CreatedAt    time.Time         `json:"created_at"`
	ExpiresAt    time.Time         `json:"expires_at"`
	By           string            `json:"by,omitempty"`
	Procedures   []Power           `json:"procedures"`
	Days         int               `json:"days,omitempty"`
	From         time.Time         `json:"from,omitzero"`
	Until        time.Time         `json:"until,omitzero"`
	Payments     bool              `json:"payments"`
	BankDetails  bool              `json:"bank_details"`
	Tell         bool              `json:"told_by_mail"`
	InformedAt   time.Time         `json:"informed_at"`
	IdentifiedBy string            `json:"identified_by,omitempty"`
	IdentifiedAt time.Time         `json:"identified_at,omitzero"`
	Identity     *citizen.Identity `json:"identity,omitempty"`
	Witness      string            `json:"witness,omitempty"`
	WitnessedAt  time.Time         `json:"witnessed_at,omitzero"`
	Transfers    string            `json:"transfers_from,omitempty"` // the organisation whose mandate it would replace
	Links        []Link            `json:"franceconnect_links,omitempty"`
}

// Link is a link by which the citizen could identify themselves on their own telephone.
type Link struct {
	State     string    `json:"state"`
	Refusal   string    `json:"refusal,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	LeftAt    time.Time `json:"left_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

// Request is a question to the citizen by SMS.
type Request struct {
	State      string    `json:"state"`
	AskedAt    time.Time `json:"asked_at"`
	AskedBy    string    `json:"asked_by,omitempty"`
	ExpiresAt  time.Time `json:"expires_at"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	Answer     string    `json:"answer,omitempty"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	Unclear    int       `json:"unclear_answers,omitempty"`
	Ignored    int       `json:"answers_without_effect,omitempty"`
	Messages   []Message `json:"messages"`
}

// Message is an SMS to the citizen.
type Message struct {
	Kind       string    `json:"kind"`
	Text       string    `json:"text"`
	State      string    `json:"state"`
	QueuedAt   time.Time `json:"queued_at"`
	SentAt     time.Time `json:"sent_at,omitzero"`
	ReportedAt time.Time `json:"reported_at,omitzero"`
}

// Mail is a mail to the citizen, of which the words are not kept.
type Mail struct {
	Kind      string    `json:"kind"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	To        string    `json:"to,omitempty"` // where it went to an address that the citizen has no more
}

// Service is by which name services of one sector know the citizen.
type Service struct {
	Sector string    `json:"sector"`
	Sub    string    `json:"sub"`
	Since  time.Time `json:"since"`
}

// Login is a use of a mandate under way, or of the last day.
type Login struct {
	Client     string    `json:"client"`
	State      string    `json:"state"`
	Refusal    string    `json:"refusal,omitempty"`
	Procedure  string    `json:"procedure,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	ReleasedAt time.Time `json:"released_at,omitzero"`
	By         string    `json:"by,omitempty"`
}

// Session is a service that still has to be told when a mandate ends.
type Session struct {
	Client    string    `json:"client"`
	Procedure string    `json:"procedure"`
	Sub       string    `json:"sub"`
	OpenedAt  time.Time `json:"opened_at"`
	OverAt    time.Time `json:"over_at,omitzero"`
	ToldAt    time.Time `json:"told_at,omitzero"`
}

// Answer is what a service was told that asked whether somebody may act for the citizen.
type Answer struct {
	Client    string    `json:"client"`
	Procedure string    `json:"procedure,omitempty"`
	Level     string    `json:"level"`
	Reason    string    `json:"refused_because,omitempty"` // "" is yes
	At        time.Time `json:"at"`
}

// Hold keeps things from being erased, for a while.
type Hold struct {
	Reason     string    `json:"reason"`
	Everybody  bool      `json:"everybody"` // of the organisation
	HeldAt     time.Time `json:"held_at"`
	Until      time.Time `json:"until"`
	ReleasedAt time.Time `json:"released_at,omitzero"`
	Why        string    `json:"why,omitempty"` // it was released before its day
}

// Erasure is a request of the citizen to be erased.
type Erasure struct {
	State       string    `json:"state"`
	AskedAt     time.Time `json:"asked_at"`
	DueAt       time.Time `json:"due_at"`
	TakenBackAt time.Time `json:"taken_back_at,omitzero"`
}

// Unsealing is that auditors asked whom the citizen's pseudonym stands for, and were told or not.
type Unsealing struct {
	State     string    `json:"state"`
	Reason    string    `json:"reason"`
	AskedAt   time.Time `json:"asked_at"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Looks     int       `json:"looks"`
	LookedAt  time.Time `json:"looked_at,omitzero"` // for the last time
}

// Entry is an entry of the journal about the citizen.
type Entry struct {
	Index  int64     `json:"index"` // in the journal, by which it can be proven; -1 while it waits for that
	At     time.Time `json:"at"`
	Action string    `json:"action"`
	Kind   string    `json:"by"`             // aidant, referent, auditor, administrator, fraud, prefecture or system
	Name   string    `json:"name,omitempty"` // of who acted for the citizen
	Of     int       `json:"mandate,omitempty"`
	About  string    `json:"about,omitempty"` // a procedure, a page that was read: a key
}

// Attachment is a document that is kept, byte for byte.
type Attachment struct {
	Name    string    `json:"name"` // in the bundle; "" when it is not in it
	Mandate int       `json:"mandate"`
	Kind    string    `json:"kind"` // attestation, end, report or evidence
	Lang    string    `json:"lang,omitempty"`
	Size    string    `json:"size,omitempty"`
	MadeAt  time.Time `json:"made_at"`
	SHA256  string    `json:"sha256"`
}
