package clientauth

// ParseAssertion is parseAssertion.
var ParseAssertion = parseAssertion
