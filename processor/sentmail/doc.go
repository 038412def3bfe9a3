// Package sentmail remembers the mails that were sent, so that a report that comes back can be tied to one: by the id of
// the recipient that its return path names, or by the Message-ID of the mail that it returns.
//
// A mail is recorded by the send gate, or registered by whoever sends it ([Registration], JSON). It is kept for as long as
// feedback may come, with its header up to 10 KB, for the notifications.
//
// The package holds no content of a mail, and it does not make return paths: package returnpath does, from the ids here.
package sentmail
