// Package schemas holds the JSON that Rebound speaks: SES notifications, the SNS envelope and the line that `rebound parse`
// prints, as Go types, and a JSON Schema (2020-12) beside each, embedded.
//
// It knows JSON and nothing of mail: who fills the types and why is told in package processor.
package schemas
