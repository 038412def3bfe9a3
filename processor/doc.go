// Package processor takes each mail that came in from the bus to its effects: it reads the report, finds the mail that the report
// is about, decides, and commits everything in one transaction.
//
//	a mail server, a mailbox,        intake/            bus/ (NATS JetStream)        processor.go: Worker
//	an ISP's feedback loop   ──────▶ SMTP LMTP HTTP ──▶ stream FEEDBACK  ──────────▶ recognize  dsn · arf · plaintext · autoreply
//	an MTA's event log               files mailbox      (fsynced before 250)         correlate  returnpath · sentmail
//	                                                                                 decide     pure: no I/O
//	                                                                                    │
//	    subscriber ◀── webhook ◀── delivery/ ◀── outbox ◀── one SQL transaction ◀───────┘
//	    mailbox    ◀── forward      retries       (record: with the suppression change, the statistics
//	    NATS       ◀── stream NOTIFICATIONS        and the row that shows what arrived)
//
// Read process.go first: its handful of calls are the picture from left to right. Recognize and Parse need no server and no store.
package processor
