package dsn

// field is a field that RFC 3464 defines.
type field int

const (
	extension field = iota
	originalEnvelopeID
	reportingMTA
	dsnGateway
	receivedFromMTA
	arrivalDate
	originalRecipient // the first of the fields of a recipient
	finalRecipient
	action
	statusCode
	remoteMTA
	diagnosticCode
	lastAttemptDate
	finalLogID
	willRetryUntil
)

// isRecipient reports whether the field tells about a recipient (section 2.3).
func (f field) isRecipient() bool { return f >= originalRecipient }

// fieldOf returns what a field name stands for, extension for any other.
func fieldOf(name string) field {
	var lower [24]byte
	if len(name) > len(lower) {
		return extension
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	switch string(lower[:len(name)]) {
	case "original-envelope-id":
		return originalEnvelopeID
	case "reporting-mta":
		return reportingMTA
	case "dsn-gateway":
		return dsnGateway
	case "received-from-mta":
		return receivedFromMTA
	case "arrival-date":
		return arrivalDate
	case "original-recipient":
		return originalRecipient
	case "final-recipient":
		return finalRecipient
	case "action":
		return action
	case "status":
		return statusCode
	case "remote-mta":
		return remoteMTA
	case "diagnostic-code":
		return diagnosticCode
	case "last-attempt-date":
		return lastAttemptDate
	case "final-log-id":
		return finalLogID
	case "will-retry-until":
		return willRetryUntil
	}
	return extension
}
