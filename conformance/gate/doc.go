// Package gate holds the gate against a real API server: it takes the exported policies without a warning of its type check, it denies
// what the rules in Go find and nothing else, and people read what the documentation says they read.
package gate
