// Package autoreply recognizes answers that a program gave in the place of a
// person: out of office messages, other auto responders and challenges (RFC
// 3834), with and without the Auto-Submitted field.
//
// It is asked after dsn, arf and plaintext, because mail servers mark their own
// reports as automatic replies too. A reply by a person, mail of a mailing list,
// a newsletter, the output of a job and a read receipt are no automatic replies.
// It does not say when the person is back, or whether the address still lives; a
// new address that the text gives is reported, and not believed.
package autoreply
