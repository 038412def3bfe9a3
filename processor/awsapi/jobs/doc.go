// Package jobs does what SES's import and export jobs do: it brings a suppression list in from a file, and writes out what became of
// mails, or figures of an account. A job is a row in a table, so that it goes on after a restart.
//
// A bucket of S3 is a folder here: s3://BUCKET/KEY is the file DATA/buckets/BUCKET/KEY. Nothing outside of DATA/buckets is ever opened.
package jobs
