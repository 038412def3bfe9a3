package arf_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/arf"
	"github.com/rebound-mail/rebound/dsn/report"
)

func ExampleParse() {
	mail, err := os.Open("../testdata/recordings/pigeonhole/report-abuse.eml")
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
	r, err := arf.Parse(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.FeedbackType, r.Recipients(), r.Returned.Get("Message-ID"))
	// Output: abuse [heidi@provider.example] <heidi.1042@shop.sender.example>
}

func ExampleReport_Compose() {
	r := &arf.Report{
		FeedbackType: arf.Abuse, UserAgent: "Example/1.0", OriginalRcptTo: []string{"jane@example.net"},
		Returned: report.Header{{Name: "Message-ID", Value: "<1042@shop.example>"}},
	}
	var b strings.Builder
	err := r.Compose(&b, report.Mail{
		From: "feedback@example.net", To: "fbl@shop.example", Subject: "Abuse report", MessageID: "<1@example.net>",
		Date: time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC), Text: "Jane marked your mail as spam.",
	})
	fmt.Println(strings.Contains(b.String(), "Original-Rcpt-To: <jane@example.net>"), err)
	// Output: true <nil>
}
