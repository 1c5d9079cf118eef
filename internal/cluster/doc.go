// Package cluster holds the one picture of Kubernetes objects that every question is asked of: the Snapshot.
//
// # Words
//
//	object      one Kubernetes object, with the tree it was read from and, for known kinds, its typed form as the API server
//	            would see it after defaulting
//	workload    an object that carries a pod template: Deployment, CronJob, Pod, an Argo Rollout, any custom resource with one
//	snapshot    a set of objects that are looked at together, immutable, with relations between them
//	scope       the objects that somebody applies together: a folder, or one kustomize build; for a live cluster there is one
//	coverage    what the snapshot can know: whether the absence of an object is a fact or merely unknown. Of a cluster it is what
//	            was listed and what was not, of files it is judged by what is there
//	record      a slim account of what a controller made of the objects in a live cluster: a pod and how it fares
//	context     objects that are looked at for what others say of them, and not checked themselves
//
// # Which objects belong together
//
// A repository often holds the same application several times (copies, overlays, examples). A reference is therefore resolved
// in the referrer's own scope first, and in the rest of the input only when its own scope has no match; of several matches
// elsewhere, those nearest in the tree of folders are taken. An object without a namespace is in whatever namespace its
// neighbours are applied to: it matches every namespace within its scope.
//
// # What it leaves out
//
// The package does no I/O: package load reads files, and package lint makes a snapshot of their objects.
package cluster
