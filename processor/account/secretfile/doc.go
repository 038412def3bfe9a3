// Package secretfile writes the small files that hold secrets: access keys and signing keys.
//
// A file is readable by its owner only, is there whole or not at all, and stays after a power cut. What is in it is the
// business of the packages that use it; the package does not encrypt and does not read.
package secretfile
