package processor

import (
	"errors"
	"fmt"
)

// Style is how notifications are written where consumers differ. The zero value suits all known ones.
type Style struct {
	// Grouped lets recipients of one report share a notification when the same befell them. Else each has its own: several
	// consumers look at the first recipient only.
	Grouped bool
	// Destination is what mail.destination holds.
	Destination Destination
	// HeadersOnRequest leaves the header out of notifications of identities that have it off for the type. Events always hold it.
	HeadersOnRequest bool
}

// Destination says what mail.destination holds.
type Destination string

// What mail.destination can hold: all recipients of the mail with those of the notification first, all in the order of the mail,
// or those of the notification alone. The empty Destination is RecipientFirst.
const (
	RecipientFirst Destination = "recipient-first"
	AllRecipients  Destination = "all"
	RecipientOnly  Destination = "recipient-only"
)

// ParseStyle reads a style from words as settings hold them: single or grouped, a Destination, always or on-request; an
// empty word is the first of them. Errors name the setting.
func ParseStyle(recipients, destination, headers string) (Style, error) {
	style := Style{Grouped: recipients == "grouped", Destination: Destination(destination), HeadersOnRequest: headers == "on-request"}
	var problems []error
	if recipients != "" && recipients != "single" && !style.Grouped {
		problems = append(problems, fmt.Errorf("notifications.recipients: %q is neither single nor grouped", recipients))
	}
	switch style.Destination {
	case "", RecipientFirst, AllRecipients, RecipientOnly:
	default:
		problems = append(problems, fmt.Errorf("notifications.destination: %q is none of %s, %s and %s", destination, RecipientFirst, AllRecipients, RecipientOnly))
	}
	if headers != "" && headers != "always" && !style.HeadersOnRequest {
		problems = append(problems, fmt.Errorf("notifications.headers: %q is neither always nor on-request", headers))
	}
	return style, errors.Join(problems...)
}
