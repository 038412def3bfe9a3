// Package suppression keeps the lists of addresses that get no mail: a global list, on which an address stays for 14 days
// after it bounced for good for any account, and a list for each account, on which an address stays until it is removed.
//
// An account that uses a list of its own is not touched by the global one. [Check] tells whether a mail may go; [Put] and
// [Delete] change a list, [List] shows it. Every look-up compares the expiry, so it is right whether or not [Purge] has
// run. An address is found however its letters are cased.
//
// The package stores and answers. What puts an address on a list is decided by who calls Put.
package suppression
