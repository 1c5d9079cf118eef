// Command knowledge makes the data of content/knowledge from released Go modules: the schemas of well-known custom resources and
// the fields of Kubernetes' own objects.
//
//	cd tools/knowledge && go run . -out ../../content/knowledge
//
// It reads modules through the go command, from the module cache where they are there, and checks them against the sums in
// sources.go; it opens no connection of its own. The same modules give the same bytes. A newer release of a project is taken in
// by changing its version and sum in sources.go.
package main
