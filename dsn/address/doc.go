// Package address knows mail addresses: it finds one in a header value, brings
// it into the form in which it is shown, and into the form in which two
// spellings of it are the same (RFC 5321, RFC 5322, RFC 6531).
//
// It does not parse lists or groups of addresses, it does not ask whether a
// mailbox exists, and it takes nothing for an alias of something else: tags
// ("jane+news") and dots stay, because only the receiving host knows them.
package address
