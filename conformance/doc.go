// Package conformance holds the tests whose referee is a real Kubernetes, one folder a subject: that a live cluster is read as
// files are, that the gate decides as the rules do, that golden paths run, that the story happens and ends,
// that services which tell three truths are restarted for a deadlock only.
//
// "make conformance" runs them on the control plane and the node of the module testbed; "go test" alone skips them.
package conformance
