// Package rbac judges who may do what in the cluster: Roles and ClusterRoles that allow more than they name, bindings that give
// it to too many, and bindings whose other end does not exist.
//
// # Words
//
//	grant        one rule of a Role or ClusterRole: verbs on resources, or on paths that are no resources
//	bootstrap    what Kubernetes itself creates in every cluster; it is not judged
//
// # What counts
//
// Operators need wide rights: their ClusterRoles are judged too, for a flaw in an operator is a flaw with its rights, but the
// messages say what a grant allows and leave the decision to people. A wildcard over an API group that is not Kubernetes' own is
// taken for the operator's own business.
package rbac
