// Package api is Rebound's own API under /v1: what was sent, what arrived, the suppression lists, topics and subscriptions,
// identities and the outbox, as JSON.
//
// It decides nothing: each handler reads its request, calls the package that owns the table, and writes the answer. The API's of
// SES and SNS are in package awsapi.
package api
