package status

// Name returns the name of the code in the IANA registry "SMTP Enhanced Status
// Codes", and "" for a code that is not registered. The class has no part in it.
func (c Code) Name() string {
	if c.IsZero() || c.Subject < 0 || c.Subject >= len(names) || c.Detail < 0 || c.Detail >= len(names[c.Subject]) {
		return ""
	}
	return names[c.Subject][c.Detail]
}

// names holds the registered names by subject and detail (RFC 3463 section 3,
// RFC 3886, RFC 4468, RFC 4954, RFC 5248, RFC 6531, RFC 6710, RFC 7293, RFC 7372,
// RFC 7505, RFC 8616, RFC 8689).
var names = [8][]string{
	{
		"Other undefined status",
	},
	{
		"Other address status",
		"Bad destination mailbox address",
		"Bad destination system address",
		"Bad destination mailbox address syntax",
		"Destination mailbox address ambiguous",
		"Destination address valid",
		"Destination mailbox has moved, no forwarding address",
		"Bad sender's mailbox address syntax",
		"Bad sender's system address",
		"Message relayed to non-compliant mailer",
		"Recipient address has null MX",
	},
	{
		"Other or undefined mailbox status",
		"Mailbox disabled, not accepting messages",
		"Mailbox full",
		"Message length exceeds administrative limit",
		"Mailing list expansion problem",
	},
	{
		"Other or undefined mail system status",
		"Mail system full",
		"System not accepting network messages",
		"System not capable of selected features",
		"Message too big for system",
		"System incorrectly configured",
		"Requested priority was changed",
	},
	{
		"Other or undefined network or routing status",
		"No answer from host",
		"Bad connection",
		"Directory server failure",
		"Unable to route",
		"Mail system congestion",
		"Routing loop detected",
		"Delivery time expired",
	},
	{
		"Other or undefined protocol status",
		"Invalid command",
		"Syntax error",
		"Too many recipients",
		"Invalid command arguments",
		"Wrong protocol version",
		"Authentication exchange line is too long",
	},
	{
		"Other or undefined media error",
		"Media not supported",
		"Conversion required and prohibited",
		"Conversion required but not supported",
		"Conversion with loss performed",
		"Conversion failed",
		"Message content not available",
		"Non-ASCII addresses not permitted for that sender/recipient",
		"UTF-8 string reply is required, but not permitted by the SMTP client",
		"UTF-8 header message cannot be transferred to one or more recipients, so the message must be rejected",
		"UTF-8 string reply is required, but not permitted by the SMTP client",
	},
	{
		"Other or undefined security status",
		"Delivery not authorized, message refused",
		"Mailing list expansion prohibited",
		"Security conversion required but not possible",
		"Security features not supported",
		"Cryptographic failure",
		"Cryptographic algorithm not supported",
		"Message integrity failure",
		"Authentication credentials invalid",
		"Authentication mechanism is too weak",
		"Encryption needed",
		"Encryption required for requested authentication mechanism",
		"A password transition is needed",
		"User account disabled",
		"Trust relationship required",
		"Priority level is too low",
		"Message is too big for the specified priority",
		"Mailbox owner has changed",
		"Domain owner has changed",
		"RRVS test cannot be completed",
		"No passing DKIM signature found",
		"No acceptable DKIM signature found",
		"No valid author-matched DKIM signature found",
		"SPF validation failed",
		"SPF validation error",
		"Reverse DNS validation failed",
		"Multiple authentication checks failed",
		"Sender address has null MX",
		"Mail flood detected",
		"ARC validation failure",
		"REQUIRETLS support required",
	},
}
