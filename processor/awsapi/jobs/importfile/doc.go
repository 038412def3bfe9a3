// Package importfile reads suppression lists from files: CSV (address,REASON) and lines of JSON
// ({"emailAddress":"…","reason":"…"}), as the import jobs of SES take them, compressed with gzip or not.
//
// A file is read line by line in constant memory. A line that is none costs only itself: it comes back as a [LineError].
package importfile
