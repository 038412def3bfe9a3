// Package statistics counts: for each account, in points of 15 minutes, what became of its mail (the send statistics of
// SES); and for whoever runs the program, as Prometheus metrics, what the program does.
//
// The points are rows in the database: they are written with the effects of a report in one transaction, so that each
// report counts once. The metrics are those of one process and start at zero with it.
//
// The package does not decide what counts as what: a bounce is counted when the caller says so.
package statistics
