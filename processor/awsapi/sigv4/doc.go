// Package sigv4 verifies requests that clients of AWS signed with Signature Version 4, in the Authorization header or in the query
// (pre-signed): https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. Paths are encoded twice, as for every service but S3.
//
// It looks up no keys and reads no bodies: [Parse] says which key a request claims, and [Signature.Verify] whether that is true.
package sigv4
