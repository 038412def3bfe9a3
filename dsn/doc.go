// Package dsn reads and writes delivery status notifications (RFC 3464, with the
// internationalized addresses of RFC 6533), and the xtext of RFC 3461.
//
// It reads leniently: an odd optional field never costs the report, it comes
// back with a problem beside it. It writes strictly.
//
// It says what the report says. It does not judge: what a status means, whether
// a failure is final and who is to be suppressed is for others to decide. Action
// and Status are never rewritten.
package dsn
