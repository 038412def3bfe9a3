// Package filter decides which messages of a topic a subscriber wants, by the filter policies of Amazon SNS.
//
// A policy is compiled once and then matched without being read again; [Cache] keeps compiled policies for a caller that has only their
// text. The rules, limits and the wording of errors are those of SNS, which rest on the Event Ruler library; what no document of AWS
// settles follows that library:
//
//   - Values of different types differ: "1" is not 1, and "prefix" and its like are about strings only.
//   - Numbers from -1e9 to 1e9 are the same when they agree on five decimals; outside, when they are written alike.
//   - A dot in a key of a body policy stands for a level too: "mail.source" matches {"mail":{"source":…}} and {"mail.source":…}.
//   - Each key looks for its own element of an array in the message: no element has to satisfy two keys together.
//   - Only strings, numbers, true, false and null exist. An empty array or an object is as absent as a key that is not there.
//
// The package keeps nothing and knows neither subscriptions nor topics; processor/topic does.
package filter
