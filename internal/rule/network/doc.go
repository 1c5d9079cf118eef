// Package network holds the rules about the way of a request: from Ingress or route to Service, from Service to pod, and through the
// NetworkPolicies on both sides.
//
// # Words
//
//	backend   what an Ingress or a route sends to: a Service and one of its ports
//	target    the port of the pod that a Service port leads to; a name is looked up in each pod, with the protocol
//	declared  a port that a container lists. It may listen on others too: a number that no container declares is wrong only when
//	          nothing in the pod speaks for it
//	isolated  a pod that some NetworkPolicy selects for a direction: then only what the union of all its policies allows passes
//	peer      the other side that a policy rule names
//	maker     a custom resource whose controller creates pods or Services that the input does not show
//
// # Absence
//
// A selector that finds nothing is a finding only where the input can know: see judgesPods. Beside a maker, or in a folder without
// workloads, the answer is unknown. Labels that are set at run time (a leader's role) and ports that are injected (a mesh's) are
// left alone, and so is whatever hides behind a placeholder.
//
// # What it leaves out
//
// Policies of Cilium, Calico and of whole clusters: where the input has some, what they may allow is unknown. Meshes.
package network
