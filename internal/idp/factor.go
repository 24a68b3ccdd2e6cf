package idp

import "time"

// anew reports whether a request wants a second factor for the citizen it will be about (prompt=login). FranceConnect asks
// for it every time; its request travels through the aidant's browser unsigned, so one that has lost it is treated as if
// it had it.
func (req *authRequest) anew() bool { return req.Login || !req.Client.Direct() }

// oldest is the time since which the second factor must have been given when the login begins: FactorLife ago, or later if the client
// says so. One that is wanted for the citizen is asked for once they are chosen, and not twice.
//
// max_age counts from when the browser first brought the request, so that who gives the factor for it and comes back has given it.
func (p *Provider) oldest(req authRequest) time.Time {
	if req.anew() {
		return time.Time{}
	}
	now := p.clock.Now()
	since := now.Add(-FactorLife)
	if req.MaxAge == nil {
		return since
	}
	if req.AskedAt != nil {
		now = *req.AskedAt
	}
	if aged := now.Add(-*req.MaxAge); aged.After(since) {
		return aged
	}
	return since
}

// since is the time since which the second factor must have been given for the citizen, nil when it need not. To a service that sends
// prompt=login we promise that it is given now. FranceConnect sends it with every request; of its requests the second of two for the
// same citizen may rest on the factor of the first, for FactorLife.
func (p *Provider) since(req authRequest) *time.Time {
	if !req.anew() {
		return nil
	}
	since := p.clock.Now()
	if !req.Client.Direct() {
		limit := FactorLife
		if req.MaxAge != nil {
			limit = min(limit, *req.MaxAge)
		}
		since = since.Add(-limit)
	}
	return &since
}

// brought is when the browser first brought a request with max_age, nil for one without.
func (req *authRequest) brought(now time.Time) *time.Time {
	switch {
	case req.MaxAge == nil:
		return nil
	case req.AskedAt == nil:
		return &now
	}
	return req.AskedAt
}

// inAge reports whether a second factor is within max_age, or was given for this request a moment ago: without that moment a second would be
// asked for ever, and with the age alone as it was when the login began, who lingers would bring a service a factor older than it asked for.
func (l *Login) inAge(factor, now time.Time) bool {
	if l.MaxAge == nil || !factor.Before(now.Add(-time.Duration(*l.MaxAge)*time.Second)) {
		return true
	}
	return l.AskedAt != nil && !factor.Before(*l.AskedAt) && !factor.Before(now.Add(-FactorPause))
}

// seconds is max_age as it was asked, nil when it was not.
func (req *authRequest) seconds() *int {
	if req.MaxAge == nil {
		return nil
	}
	n := int(*req.MaxAge / time.Second)
	return &n
}
