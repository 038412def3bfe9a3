// Package migrations holds the steps that bring the database to the form this program needs: one goose file a step,
// NNNNN_name.sql, each owned by the package whose tables it makes. The files are applied in the order of their numbers
// by package store, and a file that was released is never changed again: a change is a new file.
//
// The statements are meant for SQLite and PostgreSQL alike. This package holds no Go code.
package migrations
