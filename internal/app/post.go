package app

import (
	"fmt"
	"time"

	"mandat/internal/card"
	"mandat/internal/certification"
	"mandat/internal/charter"
	"mandat/internal/citizen"
	"mandat/internal/consent"
	"mandat/internal/contact"
	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/mail"
	"mandat/internal/notify"
	"mandat/internal/org"
	"mandat/internal/phone"
	"mandat/internal/sirene"
	"mandat/internal/sms"
	"mandat/internal/smsin"
	"mandat/internal/throttle"
)

// office is what referents and administrators work with, and what tells people of it.
type office struct {
	contacts       *contact.Register
	certifications *certification.Register
	certificates   *certification.Press
	cards          *card.Stock
	throttle       *throttle.Throttle
	sirene         *sirene.Client
	post           *notify.Post
	mails          *citizen.Mails
	jobs           *jobs.Board

	// citizens' telephones
	phones   *phone.Register
	consents *consent.Register
	smsin    *smsin.Inbox
}

// buildOffice builds it, on top of the people.
func (a *App) buildOffice() error {
	a.office.contacts = contact.New(a.db, a.journal, a.directory, a.keys.Envelope, a.clock)
	a.office.certifications = certification.New(a.db, a.journal, a.keys.Envelope, a.clock, a.config.CertificationMinimum).Telling(notify.Queue)
	a.office.certificates = certification.NewPress(a.office.certifications, a.directory, a.keys.Sealer, a.clock)
	a.office.cards = card.New(a.db, a.journal, a.keys.Envelope)
	a.office.throttle = throttle.New(a.db, a.clock)
	a.office.sirene = sirene.New(a.config.SireneURL, a.clock)
	a.office.jobs = jobs.NewBoard(a.db)
	a.office.mails = citizen.NewMails(a.db, a.journal, a.office.throttle, a.clock)
	return a.buildPost()
}

// tellCitizens queues what is told to citizens. Without a mail server it is nil: nothing would ever send it.
func (a *App) tellCitizens() func(*db.Tx, time.Time, org.Message) error {
	if a.config.SMTPURL == "" {
		return nil
	}
	return notify.Queue
}

// buildPost builds what sends messages, with those who make their secrets.
func (a *App) buildPost() error {
	c := notify.Config{BaseURL: a.config.BaseURL, Links: notify.Links{Invitation: a.people.invitations.Write, SignIn: a.people.links.Write,
		Reset: a.people.factors.WriteReset, Contact: a.office.contacts.Write, Mails: a.office.mails.Link},
		Citizens: a.citizens, Contact: notify.Contact{Phone: a.config.ContactPhone, Email: a.config.ContactEmail, Address: a.config.ContactAddress}}
	var err error
	if a.config.SMTPURL != "" {
		if c.Mail, err = mail.New(mail.Config{URL: a.config.SMTPURL, Password: a.config.SMTPPassword, From: a.config.MailFrom}); err != nil {
			return fmt.Errorf("SMTP_URL, MAIL_FROM: %w", err)
		}
	}
	if a.config.SMSURL != "" {
		if c.SMS, err = sms.New(sms.Config{URL: a.config.SMSURL, Token: a.config.SMSToken, From: a.config.SMSFrom}); err != nil {
			return fmt.Errorf("SMS_URL: %w", err)
		}
	}
	a.office.phones = phone.New(a.db, a.journal, a.citizens, a.keys.Envelope, a.clock, c.SMS).Telling(a.tellCitizens())
	a.office.consents = consent.New(a.db, a.journal, a.office.phones, a.clock, consent.Config{Gateway: c.SMS, Answers: a.config.SMSCallbackKey != "", Contact: a.config.ContactPhone})
	a.office.smsin = smsin.New(a.db, a.clock, a.config.SMSCallbackKey, a.office.consents, a.office.phones)
	a.office.post, err = notify.New(a.db, a.clock, c)
	return err
}

// Certifications is where people are certified: for the demonstration.
func (a *App) Certifications() *certification.Register { return a.office.certifications }

// Charter is where the conditions of use are accepted: for the demonstration.
func (a *App) Charter() *charter.Register { return a.people.charter }
