// Package sesv2 answers the API of Amazon SES, version 2 (2019-09-27), in its words: the suppression list, import and export jobs, the
// account, metrics and insights, configuration sets with event destinations, and identities. It is JSON over REST below /v2/email/.
//
// It decides what callers may ask for; the things themselves are those of packages suppression, account and jobs, and SES v1 works on
// the same.
package sesv2
