// Package classify says what a bounce is about: it turns the action, the codes
// and the words of a report into a bounce type and sub type as SES has them, and
// into a scope, which tells whose fault it is.
//
// The rules are data: the files in rules hold the causes, what the enhanced and
// basic codes mean (RFC 3463, RFC 5321 and the IANA registry), and the phrases
// that mail systems use, in the order in which they are asked. A phrase is
// compared without regard to case, accents and line ends; the addresses and the
// codes of the reply are taken out before, so that neither breaks a phrase up.
//
// The rules of a user lie over the embedded ones and are asked first; New takes
// them, and the header of rules/00-causes.yaml shows how they are written. What
// no rule knows is left in the verdict, without addresses and numbers, and
// Samples collects it.
//
// The verdict rests, in this order, on: a phrase in the diagnostic that says
// what is wrong, the enhanced code inside the diagnostic, a specific Status, a
// basic reply code with one meaning, a phrase in the diagnostic that says
// little, the human readable text, any other code. So "5.0.0 mailbox full" is a full mailbox and "550 5.7.1 user
// unknown" an unknown user.
//
// It does not decide what follows from a verdict: whether an address is
// suppressed is up to the caller, who needs a permanent verdict of scope
// recipient for it. It reads no mails and does no I/O.
package classify
