// Package arf reads and writes feedback reports in the Abuse Reporting Format
// (RFC 5965), with the fields of authentication failure reports (RFC 6591), the
// source port (RFC 6692) and the identity alignment of DMARC (RFC 7489), and
// reads complaints that are sent in place of it: of Microsoft and Apple, XARF, and
// reports that lost their structure.
//
// It reads leniently: an odd field never costs the report, it comes back with a
// problem beside it. It writes strictly.
//
// It says what the report says. It does not judge: auth-failure and not-spam are
// no complaints by a recipient, and it is for others not to suppress for them.
package arf
