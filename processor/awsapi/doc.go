// Package awsapi answers what clients of AWS ask, all on one port: SNS and SES v1 in the Query protocol, SES v2 in JSON, the links that stand
// in the messages to subscribers, and the files with the certificates that verify signatures.
//
// The package itself only finds out who calls and which API is meant: auth and sigv4 know callers, query the protocol, sns, sesv1 and sesv2 the
// APIs, jobs does what SES's import and export jobs do.
package awsapi
