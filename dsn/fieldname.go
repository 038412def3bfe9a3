package dsn

import "strings"

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
	if len(name) >= len(fieldNames) {
		return extension
	}
	for _, one := range fieldNames[len(name)] {
		// Most reports write them as RFC 3464 does.
		if name == one.name || strings.EqualFold(name, one.name) {
			return one.kind
		}
	}
	return extension
}

type fieldName struct {
	name string
	kind field
}

// fieldNames are the names of the fields, by their length.
var fieldNames = func() (byLength [21][]fieldName) {
	for _, one := range []fieldName{
		{"Original-Envelope-Id", originalEnvelopeID},
		{"Reporting-MTA", reportingMTA},
		{"DSN-Gateway", dsnGateway},
		{"Received-From-MTA", receivedFromMTA},
		{"Arrival-Date", arrivalDate},
		{"Original-Recipient", originalRecipient},
		{"Final-Recipient", finalRecipient},
		{"Action", action},
		{"Status", statusCode},
		{"Remote-MTA", remoteMTA},
		{"Diagnostic-Code", diagnosticCode},
		{"Last-Attempt-Date", lastAttemptDate},
		{"Final-Log-ID", finalLogID},
		{"Will-Retry-Until", willRetryUntil},
	} {
		byLength[len(one.name)] = append(byLength[len(one.name)], one)
	}
	return byLength
}()
