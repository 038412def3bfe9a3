// Package sesv1 answers the API of Amazon SES, version 1 (2010-12-01), in its words: identities and where their feedback goes, statistics
// and quota, bounces for received mails, and configuration sets with event destinations.
//
// It decides what callers may ask for; the things themselves are those of package account, and SES v2 works on the same. Event types that
// only v2 knows are not shown here.
package sesv1
