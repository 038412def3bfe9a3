package bus_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/bus"
)

func TestSubscribersHaveTheSubjectsBelowSNS(t *testing.T) {
	for subject, want := range map[string]error{
		"sns.a": nil, "sns.Bounces-1.prod_2": nil, "sns." + strings.Repeat("a", 251): nil,
		"": bus.ErrSubject, "sns": bus.ErrSubject, "sns.": bus.ErrSubject, "sns.a.": bus.ErrSubject, "sns..a": bus.ErrSubject, "sns.*": bus.ErrSubject,
		"sns.>": bus.ErrSubject, "sns.a b": bus.ErrSubject, "sns.a\r\nPUB x": bus.ErrSubject, "SNS.a": bus.ErrSubject, "feedback.raw": bus.ErrSubject,
		"notifications.a.b": bus.ErrSubject, "$JS.API.STREAM.DELETE.FEEDBACK": bus.ErrSubject, "sns." + strings.Repeat("a", 252): bus.ErrSubject,
	} {
		if err := bus.CheckSubject(subject); !errors.Is(err, want) {
			t.Errorf("%.40q: got %v, want %v", subject, err, want)
		}
	}
}
