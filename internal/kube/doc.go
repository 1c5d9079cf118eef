// Package kube asks live clusters. It is the one package that uses client-go.
//
//	c, err := kube.Connect(kube.Options{Context: "staging", Namespace: "shop"}) // flags mean what they mean in kubectl
//	in, err := c.List(ctx, kube.Selection{Namespaces: []string{c.Namespace}})   // nil Namespaces: all of them
//	result, err := lint.Check(in, options)                                     // or lint.Snapshot(in) for the picture alone
//
// # Words
//
//	selection  which namespaces are listed; kinds without a namespace are listed always, as context
//	coverage   what could be listed and what could not: see cluster.Coverage
//	page       500 objects of one kind; a list is read page by page, and nobody holds a whole page
//
// # How it asks
//
// What the API server says it serves decides what is listed, in the version it prefers. Nothing is watched and nothing is written. A
// few kinds are listed at a time, at a modest rate; 429 and Retry-After are honoured. A continue token that has expired
// (410) begins the list anew. What is forbidden is coverage, not an error; a kind that may not be listed everywhere is listed in each
// namespace that is known.
//
// # Errors
//
// Connect fails with a *problem.Problem of exit code 2: what the user named is not there. List fails with one of exit code
// ExitUnreachable when the cluster cannot be asked at all. A list that breaks off midway is no error: its kind is marked as failed in the
// coverage, what was read stays, and Failures says what is missing.
package kube
