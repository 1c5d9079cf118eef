// Package story plays on a real cluster what happened when koreserver moved to Kubernetes, and measures it.
//
//	act      one step of the story: what is changed, what is then seen, in figures
//	record   the figures of all acts; docs/story.json holds those of one play, and docs/story.md is made from them
//	visitor  one of those who send requests all the while, each over a connection of its own
//	silence  a time longer than a visitor's patience, two seconds, in which none was answered
//
// The cluster, the probes, the restarts and the requests are real; the boot is the only thing that is shortened. What is done to the
// manifests is done by fairway itself, run as from the command line.
//
// The command is examples/story ("make story"), the test conformance/story.
package story
