package notify

import (
	"maps"
	"slices"
	"time"
)

// channel is how a message goes.
type channel string

const (
	byMail channel = "mail"
	bySMS  channel = "sms"
)

// kind is what there is to say about a sort of message.
type kind struct {
	channel channel
	life    time.Duration // how long after the act it is still of use
	path    string        // where its link leads: the secret follows
	page    string        // where its link leads, when there is no secret
	secret  secretOf
}

// secretOf says who makes a message's secret.
type secretOf int

const (
	noSecret secretOf = iota
	invitationSecret
	signInSecret
	resetSecret
	contactSecret // a code, and the address that it is about
	mailsSecret   // by which a citizen refuses mails
	noLink        // none: the message goes to an address that a citizen has no more, or is their last
)

const (
	days  = 24 * time.Hour
	weeks = 7 * days
)

// kinds are all there are, by the name that stands in rows and in the names of the files in web/mail.
var kinds = map[string]kind{
	"invitation":    {byMail, 3 * days, "/invitation/", "", invitationSecret},
	"sign_in_link":  {byMail, 5 * time.Minute, "/connexion/lien/", "", signInSecret},
	"contact_email": {byMail, 15 * time.Minute, "", "", contactSecret},
	"contact_phone": {bySMS, 15 * time.Minute, "", "", contactSecret},

	"factor_added":          {byMail, weeks, "", "/compte/facteurs", noSecret},
	"factor_removed":        {byMail, weeks, "", "/compte/facteurs", noSecret},
	"factor_cloned":         {byMail, weeks, "", "/compte/facteurs", noSecret},
	"factor_reset_asked":    {byMail, weeks, "", "/compte/facteurs", noSecret},
	"factor_reset_approved": {byMail, weeks, "", "/compte/facteurs", noSecret},
	"factor_reset_refused":  {byMail, weeks, "", "", noSecret},
	"factor_reset_link":     {byMail, 3 * days, "/connexion/reprise/", "", resetSecret},
	"recovery_made":         {byMail, weeks, "", "/compte/facteurs", noSecret},
	"recovery_used":         {byMail, weeks, "", "/compte/facteurs", noSecret},
	"codes_refused":         {byMail, weeks, "", "/compte/facteurs", noSecret},
	"new_device":            {byMail, weeks, "", "/compte/sessions", noSecret},

	"certified":          {byMail, weeks, "", "/espace", noSecret},
	"certification_ends": {byMail, weeks, "", "", noSecret},
	"identity_asked":     {byMail, weeks, "", "/referent/equipe", noSecret},
	"identity_to_decide": {byMail, weeks, "", "/admin", noSecret}, // the same, for administrators
	"identity_confirmed": {byMail, weeks, "", "/compte/sessions", noSecret},
	"inactive_soon":      {byMail, weeks, "", "/connexion", noSecret},
	"suspended_inactive": {byMail, weeks, "", "", noSecret},
	"suspended":          {byMail, weeks, "", "", noSecret}, // everywhere

	"end_soon": {byMail, 3 * days, "", "/mandats?onglet=soon&suivi=moi", noSecret},

	"orphans": {byMail, days, "", "/referent", noSecret}, // every day, until somebody follows the mandates up

	"renamed": {byMail, weeks, "", "/compte", noSecret},

	"uses_open": {byMail, days, "", "/espace", noSecret}, // every day, until nothing is left to write

	"suspended_there":         {byMail, weeks, "", "", noSecret},
	"organisation_suspended":  {byMail, weeks, "", "", noSecret},
	"organisation_closed":     {byMail, weeks, "", "", noSecret},
	"role_ended":              {byMail, weeks, "", "", noSecret},
	"office_ended":            {byMail, weeks, "", "", noSecret},
	"receiving_ended":         {byMail, weeks, "", "", noSecret},
	"certification_suspended": {byMail, weeks, "", "", noSecret},

	"resumed":               {byMail, weeks, "", "/connexion", noSecret}, // everywhere
	"resumed_there":         {byMail, weeks, "", "/connexion", noSecret},
	"organisation_resumed":  {byMail, weeks, "", "/connexion", noSecret},
	"certification_resumed": {byMail, weeks, "", "/espace", noSecret},
	"referent_named":        {byMail, weeks, "", "/referent", noSecret},
	"referent_ended":        {byMail, weeks, "", "", noSecret},

	// To referents, about what auditors found.
	"finding_made":    {byMail, 5 * weeks, "", "/referent/constats", noSecret},
	"finding_decided": {byMail, weeks, "", "/referent/constats", noSecret},

	// To citizens, in both languages at once: see bilingual.
	"mandate_signed": {byMail, weeks, "/mails/", "", mailsSecret},
	"mandate_used":   {byMail, weeks, "/mails/", "", mailsSecret},
	"mandate_uses":   {byMail, weeks, "/mails/", "", mailsSecret}, // several, see Collect
	"mandate_part":   {byMail, weeks, "/mails/", "", mailsSecret}, // a part of one ended
	"mandate_ended":  {byMail, weeks, "/mails/", "", mailsSecret}, // by an act, or because its time was over

	"mandate_suspended": {byMail, weeks, "/mails/", "", mailsSecret}, // by auditors
	"mandate_resumed":   {byMail, weeks, "/mails/", "", mailsSecret},

	// To citizens too: it guards their agreement, and goes unless they refused by the link of a mail themselves.
	"phone_verified": {byMail, weeks, "/mails/", "", mailsSecret},

	// To the address that a citizen had until a signature replaced it: the last one there, under the same condition. Whoever reads it can refuse nothing by it.
	"address_replaced": {byMail, weeks, "", "", noLink},

	// To a citizen who asked to be erased: the last one there, when the time for which records are kept is over. Nobody of the organisation sees them any more, nor whether they want mails.
	"erasure_asked": {byMail, weeks, "", "", noLink},

	// To auditors but the one who asks.
	"unsealing_asked": {byMail, days, "", "/audit/levees", noSecret},

	// To the address of before: see asks.
	"contact_changed": {byMail, weeks, "", "/compte", noSecret},
}

// alarms are the kinds from which somebody learns that another one may be acting as them: they go also to addresses that were given up within a week.
var alarms = []string{"factor_added", "factor_removed", "factor_cloned", "factor_reset_asked", "factor_reset_approved", "recovery_made", "recovery_used", "codes_refused",
	"new_device", "identity_confirmed"}

// Kinds lists the kinds of messages, in the order of the alphabet.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }
