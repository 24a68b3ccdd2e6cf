package clientauth

// ParseAssertion is parseAssertion.
var ParseAssertion = parseAssertion

// Again is Keys.again.
var Again = (*Keys).again
