// Package release judges a catalogue before it is released.
//
// Lint reads everything and asks whether what names something names something that is there, and whether versions keep their promises: within one
// major version no service file stops being right. Test renders services with every version of their path. A rendering must be the golden one that
// was accepted, must be clean for the linter but for findings that are accepted with a reason, and must differ from the version before only where a
// change of the changelog says so.
//
// The package is an engine: it reads a file system that it is given and lints through a function that it is given.
package release
