// Package status knows enhanced mail system status codes (RFC 3463) and basic
// SMTP reply codes (RFC 5321), and finds them in what servers say.
//
// It does not say what a code means for a recipient: processor/classify does,
// because the same code means different things on different hosts.
package status
