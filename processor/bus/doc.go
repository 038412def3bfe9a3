// Package bus carries mails, events and notifications between the parts of the program over NATS JetStream, from a
// server inside this process or from one elsewhere. What a publish function has accepted without an error is on the
// disk.
//
//	FEEDBACK       feedback.raw, feedback.quarantine   mails that came in; 14 days unless set; full means refused, never dropped
//	LARGE          large.*                             what is too big for a message of FEEDBACK, in pieces; twice as long
//	EVENTS         mail.*, suppression.*               what the parts tell each other; 3 days
//	SUPPRESSION    suppression.changed.>               each change of a suppression list, in order; 30 days
//	NOTIFICATIONS  notifications.>                     a copy of every notification for subscribers on NATS; 14 days
//
// Mails from many callers are committed in groups that grow with the load: one mail at a time goes out at once, under
// load up to 500 share one sync of the disk.
//
// Everything here is delivered at least once: a mail can come again after a crash. The package does not read mails and
// decides nothing about them. It is the only one that knows the NATS libraries.
package bus
