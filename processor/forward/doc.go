// Package forward sends a report on by mail, as SES does for those who want their bounces and complaints in a mailbox: it tells to
// which address, rewrites the head of the report, and hands the mail to a smart host.
//
// The content of a report is passed on byte for byte and never held in memory. The package does not decide whether a report is
// forwarded, keeps no queue and does not try again: processor and processor/delivery do.
package forward
