// Package topic keeps topics and their subscriptions, and writes the signed envelopes that Amazon SNS sends to a subscriber.
//
// A subscription waits until somebody visits the link in its confirmation message; only confirmed ones get notifications. A [Signer]
// holds the key that signs envelopes and serves the certificates that verify them; [Verify] is what a careful subscriber does with one.
//
// The package sends nothing and knows no HTTP client: processor/delivery does that. It does not check who may do what; processor/awsapi does.
package topic
