// Koreserver is a small service with the habits of a large one: it boots slowly, depends on a store of sessions that may be gone, and
// keeps a cart for each visitor. It is what the story of docs/story.md is played with; nothing of Fairway imports it.
//
// Two things about it can be switched, as they were when the first of its kind moved to Kubernetes:
//
//	truths    one: /health on the port of requests, which opens when the boot is over, and good only when all is well, the store included.
//	          three: a listener of its own, open before the boot, that answers started, ready and live, each for itself (package health).
//	sessions  memory: carts live in this process, and the next request may reach another one.
//	          redis://HOST:PORT: carts live in a store that all replicas share.
//
// Faults, given by flag, begin some time after the boot: see the faults in fault.go.
package main
