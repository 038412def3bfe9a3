// Package awsapi answers what SNS answers on its own port: the links that stand in the messages to subscribers (ConfirmSubscription and
// Unsubscribe, unsigned GET requests of the Query protocol), and the files with the certificates that verify signatures.
//
// It holds no state of its own: topics, subscriptions and keys are package topic's.
package awsapi
