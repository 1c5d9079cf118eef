// Package security judges what a pod may do to the node it runs on and to its neighbours: privileges, users, capabilities, the
// host's namespaces, paths and ports, and the key to the API that it carries.
//
// # Words
//
//	node agent   a pod that belongs to the node rather than to an application: a network plugin, a log or metrics collector, a
//	             storage driver. What would be a hole in an application is its job.
//	effective    the value a container ends up with: its own, else the pod's
//	image USER   what an image says about its user; manifests do not show it
//
// # What counts
//
// The standard is Kubernetes' own, Pod Security "restricted". A pod for which the rules named in restricted_test.go are silent is
// admitted by it; the test names the differences. A lack is reported once for the pod where the pod's security context is the
// place to mend it, and for each container where it is not. A container that is privileged is reported as such, and not for what
// follows from it.
package security
