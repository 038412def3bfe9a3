// Package listfile reads files of addresses record by record, whatever their size: CSV with its column names, NDJSON, JSON
// documents and plain lines. It knows the exports of SES, SendGrid, Mailgun and Postmark by the names of their columns, and what they
// call a hard bounce, a complaint, and an address that a person took off.
//
// It holds one record at a time and bounds it, so that neither a long line nor a quote that is never closed takes the memory.
package listfile
