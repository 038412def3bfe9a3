// Package report reads mails that carry a report (RFC 6522 multipart/report):
// the text for people, the part for machines and the header of the returned mail.
//
// It reads leniently, because what mail servers send seldom keeps to the RFC:
// any line end, a missing blank line, a wrong container, an encoded machine
// part. It reads in one pass, and holds no more than 1 MiB of a mail of any
// size: what is over a bound is left out and noted in Message.Problems.
//
// It also writes the mail around a report, as RFC 6522 and RFC 6533 have it.
//
// It does not say what a report means: packages dsn and arf do. It does not
// verify who sent it, and it does not keep the body of the returned mail.
package report
