package dsn_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/report"
)

func ExampleParse() {
	mail, err := os.Open("../testdata/recordings/postfix/nouser.failed.eml")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer mail.Close()
	m, err := report.Read(mail)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := dsn.Parse(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, recipient := range r.Recipients {
		fmt.Println(recipient.Address, recipient.Action, recipient.Status, recipient.Code.Name())
	}
	// Output: nouser@remote.example failed 5.1.1 Bad destination mailbox address
}

func ExampleReport_Compose() {
	r := &dsn.Report{
		ReportingMTA: dsn.TypedName{Type: "dns", Name: "mx.example.net"},
		Recipients: []dsn.Recipient{{
			Address: "jane@example.net", Action: dsn.Failed, Status: "5.1.1", DiagnosticCode: "smtp; 550 5.1.1 no such user",
		}},
	}
	var b strings.Builder
	err := r.Compose(&b, report.Mail{
		From: "MAILER-DAEMON@mx.example.net", To: "shop@example.org", Subject: "Undelivered", MessageID: "<1@mx.example.net>",
		Date: time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC), Text: "Your mail to jane@example.net was not delivered.",
		Returned: report.Header{{Name: "Subject", Value: "Hello"}},
	})
	fmt.Println(strings.Contains(b.String(), "Final-Recipient: rfc822; jane@example.net"), err)
	// Output: true <nil>
}

func ExampleDecodeXtext() {
	address, err := dsn.DecodeXtext("jane+2Bnews@example.net")
	fmt.Println(address, err)
	// Output: jane+news@example.net <nil>
}
