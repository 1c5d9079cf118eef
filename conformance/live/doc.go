// Package live holds the tests that a live cluster, and a dump of one, are read as files are, and that a cluster which cannot be asked, or
// not to the end, says so.
package live
