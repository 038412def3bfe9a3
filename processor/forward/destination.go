package forward

import (
	"strings"

	"github.com/rebound-mail/rebound/dsn/address"
	"github.com/rebound-mail/rebound/processor/sentmail"
)

// Destination is the address that feedback on the mail is forwarded to: its MAIL FROM, which is the Source that was recorded, else its
// Return-Path field, else its From field. It is "" when none of them holds an address.
func Destination(mail sentmail.Mail) string {
	candidates := []string{mail.Source}
	for _, name := range []string{"Return-Path", "From"} {
		for _, field := range mail.Header {
			if strings.EqualFold(field.Name, name) {
				candidates = append(candidates, field.Value)
			}
		}
	}
	for _, candidate := range candidates {
		if found, err := address.Parse(candidate); err == nil {
			return found
		}
	}
	return ""
}
