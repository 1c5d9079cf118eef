// Package apiserver says what the API server would make of an object: whether it would take it, and what it would hold then.
//
// It is the one package that links Kubernetes' own types, defaulting and validation (k8s.io/kubernetes, which is not meant to
// be a library: a new version is a change to this package and to nothing else).
//
// # What happens to an object
//
//	identify   apiVersion and kind name a type; APIs that the target version does not serve are reported with what replaces them
//	decode     the document's nodes are read into the type: names are case-sensitive, unknown fields and wrong types are
//	           problems with a place, and reading goes on after each
//	default    Kubernetes' defaulting functions fill in what the API server would fill in
//	validate   the object is converted to its internal type and validated as the registry of its kind does on creation
//	locate     validation's field paths are looked up in the document
//
// Decoding equals what sigs.k8s.io/yaml and the API server's strict JSON decoder make of the same text; a test holds them
// against each other.
//
// # What it leaves out
//
// Admission: what webhooks, quotas, policies and Pod Security would say. Custom resources: they are Foreign here. Validation of
// admission registrations, custom resource definitions, flow control and dynamic resources, CEL in them included: the upstream
// code brings a CEL compiler or an API server with it (admission registrations alone: 31 MB, and 19 ms at every start), so these
// kinds are decoded and defaulted only. Fields that the target version does not have while the linked one has. Image references:
// the API server does not parse them.
//
// # Example
//
//	doc := source.Parse("web.yaml", data).Docs[0]
//	result := apiserver.Check(doc.Root, apiserver.Options{Version: "1.35"})
//	for _, p := range result.Problems {
//		fmt.Println(p.Node.Position(), p.Field, p.Message, p.Suggestion)
//	}
package apiserver
