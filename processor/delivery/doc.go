// Package delivery is the outbox: what has to reach subscribers is written into it with the effects of a report, in one transaction, and
// the [Engine] brings it there, tries again, and keeps what could not be delivered until somebody redrives or drops it.
//
//	Enqueue ──▶ outbox_message (the body, once) ─┬─ outbox_entry (one for each endpoint) ──▶ claim ──▶ Sender ──▶ settle
//	                                             └─ outbox_entry …                           lease    attempt    delete, wait or fail
//
// Every endpoint has a queue of its own, so that one which hangs holds up no other, and a breaker: after 20 failures in a row its entries
// wait, without an attempt being counted, until a probe succeeds. An entry is claimed with a lease, so that what an engine had in hand
// when it was killed is delivered by the next one: at least once, with the same message id.
//
// Retries come as the delivery policies of the topic and the subscription say ([EffectivePolicy]), a tenth later at most, and a throttle
// holds back what is more than a subscription wants in a second. What failed for good is a dead letter ([DeadLetterOf]), in the queue that
// the subscription's RedrivePolicy names, with its latest attempts beside it; the first after a success alarms the topic's owners.
//
// The package does not decide what is published or who gets it, and it keeps no record of what was delivered.
package delivery
