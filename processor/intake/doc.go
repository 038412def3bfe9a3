// Package intake holds the ways in for mails that may be feedback: an SMTP and an LMTP server, an HTTP handler with the client that
// speaks to it, and a walk over files, folders, mailboxes and Maildirs.
//
// Every way in ends in an Accept function, and says yes to the sender only after that has returned: what is accepted is durable.
// What cannot be taken now is answered with a temporary error, so that the sender keeps it and tries again. Mails are taken as they
// are, without looking into them: a damaged report is to be seen and counted, not refused.
//
// It recognizes nothing, authenticates nobody (anyone may send a bounce; who is believed is decided later, by the return path), and
// knows neither streams nor tables.
package intake
