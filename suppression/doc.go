// Package suppression keeps the lists of addresses that get no mail: a global list, on which an address stays for 14 days
// after it bounced for good for any account, and lists of each account, on which an address stays until it is removed
// or as long as the account chose.
//
// [Check] tells whether a mail may go, by these rules:
//
//   - When the account (or the configuration set of the mail) has reasons for which its own list counts, its own lists
//     decide: that of the whole account, then that of the identity that the mail is sent with. An entry counts when its
//     reason is one of them, or [Manual]. The global list is not asked.
//   - Without reasons the global list decides, unless the address is on the account's or the identity's list of allowed
//     addresses ([List].Allow), where it stays until it is removed.
//
// An allowed address overrides the global list and nothing else: when the account's own mail to it bounces or is complained
// about, the address comes on the account's own list all the same, and that counts whenever the own list does.
//
// [Put] and [Delete] change a list, [Entries] shows it. A removal holds for the next check of every process, because the
// tables decide; [Changes] tells what happened since. Every look-up compares the expiry, so it is right whether or not
// [Purge] has run.
//
// An address is stored as first given, with the domain in lower case and in A-labels, and is found however its letters are
// cased: Foo@x and foo@x are one entry. SES keeps two and compares without case when it sends, so that removing one of
// them does not let the mail go; here it does.
//
// The package stores and answers. What puts an address on a list is decided by who calls Put.
package suppression
