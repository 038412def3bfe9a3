package report_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn/report"
)

func ExampleRead() {
	mail, err := os.Open("../../testdata/recordings/postfix/nouser.failed.eml")
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
	fmt.Println(m.MediaType, m.ReportType)
	for _, part := range m.Machine {
		fmt.Println(part.MediaType, len(part.Groups))
		fmt.Println(part.Groups[1].Get("Final-Recipient"))
	}
	fmt.Println(m.Returned.Get("Message-ID"))
	// Output:
	// multipart/report delivery-status
	// message/delivery-status 2
	// rfc822; nouser@remote.example
	// <nouser.1042@shop.sender.example>
}

func ExampleMail_Write() {
	mail := report.Mail{
		From: "MAILER-DAEMON@mx.example.net", To: "shop@example.org", Subject: "Undelivered", MessageID: "<1@mx.example.net>",
		Date: time.Date(2026, 11, 22, 5, 29, 15, 0, time.UTC), AutoSubmitted: "auto-replied", Text: "Sorry.",
	}
	var b strings.Builder
	err := mail.Write(&b, report.Part{MediaType: "message/delivery-status", Groups: []report.Header{
		{{Name: "Reporting-MTA", Value: "dns; mx.example.net"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := report.Read(strings.NewReader(b.String()))
	fmt.Println(m.Text, m.Machine[0].Body, err)
	// Output: Sorry. Reporting-MTA: dns; mx.example.net <nil>
}
