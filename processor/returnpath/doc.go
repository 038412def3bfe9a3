// Package returnpath makes and verifies signed return paths (VERP): the local part of a mail's envelope sender names the
// recipient that the mail went to, so that a bounce tells by the address it comes back to which address failed.
//
// A path is a token of 40 characters of base32, which survives servers that change the case of local parts:
//
//	key number 1 byte | account 5 | recipient 8 | day 1 | HMAC-SHA256 of them, cut to 10
//
// The signature makes a bounce that carries the token trustworthy: nobody can make one for a mail that was not sent, and
// nobody can make a token name another recipient. The HMAC keeps the 80 bits that RFC 2104 section 5 asks for; it covers
// the whole number of the day, of which the token holds the low byte. A token is accepted for [Lifetime].
//
// The package does not know the address behind a recipient id: that is sentmail's. A token proves that a mail was sent,
// not that the bounce is true: who has the mail has its token.
package returnpath
