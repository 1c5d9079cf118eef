// Package arch guards the direction of imports: surfaces import adapters, adapters engines, engines vocabulary, and never the
// other way. Its test reads what the go command says of every package and compares it with the one table of allowed edges.
package arch
