// Package simulator is the mailbox simulator: addresses that answer what is sent to them with a bounce, a delivery report, an
// auto-reply or a complaint, so that a sender can see its set-up at work without harming anybody.
//
// The answers are real mails (RFC 3464, RFC 3834, RFC 5965) that go the way of all feedback. It sends nothing itself, and decides
// nothing: that the known addresses change neither lists nor statistics is the rule of those who ask IsSimulated.
package simulator
