package main

import "fmt"

// Who the mails and their reports are from and for.
const (
	senderDomain = "shop.example"
	sourceOf     = "news@" + senderDomain
	ourDomain    = "rebound.example"
)

func recipientOf(i int) string { return fmt.Sprintf("reader%07d@dead.example", i) }

func messageIDOf(i int) string { return fmt.Sprintf("<%d.bench@%s>", i, senderDomain) }

// returnPathOf is the address that a token makes.
func returnPathOf(token string) string { return "bounces+" + token + "@" + ourDomain }

// bounce is the report of a hard bounce of mail i, as Postfix writes it, of the size that is common.
func bounce(i int, returnPath string) []byte {
	return fmt.Appendf(make([]byte, 0, 4096), bounceForm, i, recipientOf(i), returnPath, messageIDOf(i))
}

const bounceForm = "Received: by mx.dead.example (Postfix)\r\n" +
	"\tid %[1]dA10A28; Sun, 22 Nov 2026 05:29:15 +0000 (UTC)\r\n" +
	"Date: Sun, 22 Nov 2026 05:29:15 +0000 (UTC)\r\n" +
	"From: Mail Delivery System <MAILER-DAEMON@mx.dead.example>\r\n" +
	"Subject: Undelivered Mail Returned to Sender\r\n" +
	"To: %[3]s\r\n" +
	"Auto-Submitted: auto-replied\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/report; report-type=delivery-status;\r\n" +
	"\tboundary=\"C9EA1A109C4.1795325355/mx.dead.example\"\r\n" +
	"Content-Transfer-Encoding: 8bit\r\n" +
	"Message-Id: <20261122052915.%[1]dA10A28@mx.dead.example>\r\n" +
	"\r\n" +
	"This is a MIME-encapsulated message.\r\n" +
	"\r\n" +
	"--C9EA1A109C4.1795325355/mx.dead.example\r\n" +
	"Content-Description: Notification\r\n" +
	"Content-Type: text/plain; charset=us-ascii\r\n" +
	"\r\n" +
	"This is the mail system at host mx.dead.example.\r\n" +
	"\r\n" +
	"I'm sorry to have to inform you that your message could not\r\n" +
	"be delivered to one or more recipients. It's attached below.\r\n" +
	"\r\n" +
	"For further assistance, please send mail to postmaster.\r\n" +
	"\r\n" +
	"If you do so, please include this problem report. You can\r\n" +
	"delete your own text from the attached returned message.\r\n" +
	"\r\n" +
	"                   The mail system\r\n" +
	"\r\n" +
	"<%[2]s>: host mx1.dead.example[198.51.100.25] said: 550 5.1.1\r\n" +
	"    <%[2]s>: Recipient address rejected: User unknown in\r\n" +
	"    virtual mailbox table (in reply to RCPT TO command)\r\n" +
	"\r\n" +
	"--C9EA1A109C4.1795325355/mx.dead.example\r\n" +
	"Content-Description: Delivery report\r\n" +
	"Content-Type: message/delivery-status\r\n" +
	"\r\n" +
	"Reporting-MTA: dns; mx.dead.example\r\n" +
	"X-Postfix-Queue-ID: %[1]d09C4\r\n" +
	"X-Postfix-Sender: rfc822; %[3]s\r\n" +
	"Arrival-Date: Sun, 22 Nov 2026 05:29:15 +0000 (UTC)\r\n" +
	"\r\n" +
	"Final-Recipient: rfc822; %[2]s\r\n" +
	"Original-Recipient: rfc822;%[2]s\r\n" +
	"Action: failed\r\n" +
	"Status: 5.1.1\r\n" +
	"Remote-MTA: dns; mx1.dead.example\r\n" +
	"Diagnostic-Code: smtp; 550 5.1.1 <%[2]s>: Recipient address\r\n" +
	"    rejected: User unknown in virtual mailbox table\r\n" +
	"\r\n" +
	"--C9EA1A109C4.1795325355/mx.dead.example\r\n" +
	"Content-Description: Undelivered Message\r\n" +
	"Content-Type: message/rfc822\r\n" +
	"\r\n" +
	"Return-Path: <%[3]s>\r\n" +
	"Received: from app.shop.example (localhost [127.0.0.1])\r\n" +
	"\tby mx.dead.example (Postfix) with ESMTP id %[1]d09C4\r\n" +
	"\tfor <%[2]s>; Sun, 22 Nov 2026 05:29:15 +0000 (UTC)\r\n" +
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.example;\r\n" +
	"\ts=mail2026; t=1795325355; h=from:to:subject:date:message-id:\r\n" +
	"\tmime-version:content-type:list-unsubscribe;\r\n" +
	"\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n" +
	"\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n" +
	"\t pVSMyqk6a1WbEjnY2pQ3Vv6d2hT1oQW0uU8yJYtR4m3qf7y0kB9n5hQv1cXx6TzL\r\n" +
	"\t 8oK2sYwE4rU7iN1mVb3xGf5zHj9lPq0aSd6tCk8eRw2yTn4uFi7oMh1bLv3xZg5c\r\n" +
	"X-Mailer: Shop Mailer 4.2 (https://shop.example/mailer)\r\n" +
	"From: \"Example Shop\" <news@shop.example>\r\n" +
	"To: <%[2]s>\r\n" +
	"Subject: Your order %[1]d has shipped\r\n" +
	"Date: Sun, 22 Nov 2026 05:29:15 +0000\r\n" +
	"Message-ID: %[4]s\r\n" +
	"MIME-Version: 1.0\r\n" +
	"X-Campaign: autumn-2026\r\n" +
	"List-Unsubscribe: <https://shop.example/unsubscribe/%[1]d>,\r\n" +
	"\t<mailto:unsubscribe@shop.example?subject=%[1]d>\r\n" +
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" +
	"Feedback-ID: autumn-2026:shop:order:sender\r\n" +
	"Content-Type: text/plain; charset=us-ascii\r\n" +
	"\r\n" +
	"Hello,\r\n" +
	"\r\n" +
	"your order %[1]d has shipped. It will be with you within three days.\r\n" +
	"You can follow it at https://shop.example/orders/%[1]d whenever\r\n" +
	"you like, and change where it is to be left until it is on its way.\r\n" +
	"\r\n" +
	"If anything is not as it should be, answer to this mail within 30\r\n" +
	"days, and we will take it back or send you another one.\r\n" +
	"\r\n" +
	"Thank you for buying from us.\r\n" +
	"\r\n" +
	"Example Shop, 1 High Street, Springfield\r\n" +
	"\r\n" +
	"--C9EA1A109C4.1795325355/mx.dead.example--\r\n"
