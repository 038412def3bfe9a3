package forward_test

import (
	"testing"

	"github.com/rebound-mail/rebound/processor/forward"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/schemas"
)

func TestDestinationFollowsTheWayTheMailWasSent(t *testing.T) {
	head := []schemas.Header{
		{Name: "Received", Value: "from a@b"}, {Name: "from", Value: "News <from@example.org>"}, {Name: "return-path", Value: "<path@example.org>"},
	}
	tests := []struct {
		name string
		mail sentmail.Mail
		want string
	}{
		{"MAIL FROM overrides the head", sentmail.Mail{Source: "source@example.org", Header: head}, "source@example.org"},
		{"a source with a name", sentmail.Mail{Source: "News <source@example.org>", Header: head}, "source@example.org"},
		{"Return-Path without a source", sentmail.Mail{Header: head}, "path@example.org"},
		{"Return-Path with the null source", sentmail.Mail{Source: "<>", Header: head}, "path@example.org"},
		{"From as the last", sentmail.Mail{Header: head[:2]}, "from@example.org"},
		{"nothing", sentmail.Mail{Header: head[:1]}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := forward.Destination(test.mail); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
