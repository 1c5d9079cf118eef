// Package listing turns what an API server answers into what the engines look at: the objects that somebody wrote, as trees, and what
// controllers made of them, as records.
//
// # Words
//
//	list     the answer to a request for all objects of a kind, or one page of it
//	record   a slim typed form of an object that a controller made (package cluster)
//	written  what the author of an object wrote of it: not its status, not what defaulting and allocation added
//	context  an object that nobody of the cluster's users wrote, or that lies outside of what was asked for: looked at, not checked
//
// # What becomes of an object
//
// A Secret loses its values before anything else is done with it; what may be known of them is in its record. Pods, ReplicaSets and
// Jobs that a controller of Kubernetes' own keeps become records and nothing else, as their workload is among the objects; so do nodes.
// EndpointSlices that Kubernetes keeps for Services are left out: the pods say the same. Pods of other controllers become records, and context as well, for selectors to find. Everything else becomes a tree of what was
// written, in a virtual file that is called as the object is: shop/Deployment/checkout.
//
// What was written is known in three ways. The fields of a server-side apply, and those in the annotation that kubectl apply leaves, were
// written as they stand. Any other field was when it is not what the API server would have filled in. A test holds this against
// defaulting itself: what is left out comes back.
//
// The package does no I/O: package kube asks API servers, package dump reads archives.
package listing
