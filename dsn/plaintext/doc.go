// Package plaintext reads bounces that carry no part for machines: text that a
// mail system wrote for people, as qmail, Exim, the DragonFly Mail Agent, old
// Sendmail, Exchange and many filters and providers send it.
//
// One general reader asks four questions: does the mail come from a mail system,
// does its text say that a mail was not delivered, which addresses stand where
// such texts name the recipients, and what is said about each. Only formats that
// it gets wrong have a reader of their own, in a file each.
//
// It is asked after dsn and arf, and it would rather miss a bounce than take a
// mail from a person for one. It does not say what a reason means:
// processor/classify does. Read receipts (RFC 8098) are no bounces.
package plaintext
