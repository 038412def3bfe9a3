// Package sns answers the API of Amazon SNS, version 2010-03-31, in its words: topics, subscriptions, publishing and tags. FIFO topics are
// refused.
//
// It decides what callers may ask for; topics and subscriptions are package topic's, what is published goes through package delivery.
package sns
