// Package store opens the SQL database, brings it to the form this program needs, and runs its writing transactions.
//
// The database is one SQLite file in WAL mode. What [Store.Transact] has returned without an error is on the disk
// (synchronous=FULL): it stays after a crash of the program, the system or the power. One connection writes, a pool of
// read-only connections reads, and a reader sees all of a transaction or nothing of it.
//
// The package knows no table of its own and no SQL but what opens the file: each package owns its tables, and its
// migration lies in the folder migrations. It is the only package that knows the SQLite driver.
package store
