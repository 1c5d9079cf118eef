// Package crd says whether the API server would take a custom resource. It runs the API server's own code for custom resources
// (k8s.io/apiextensions-apiserver: structural schemas, defaulting, pruning, validation, CEL rules) on the schemas of well-known
// projects, which are part of the program, and on those of the CustomResourceDefinitions in the user's input.
//
//	var s crd.Schemas
//	s.Add(definition)                    // a CustomResourceDefinition from the input; it wins over what is embedded, the nearest first
//	problems, known := s.Check(object)   // known is false when there is no schema: s.Missing says why
//
// # What it decides
//
// A manifest is judged as by kubectl apply on a cluster that has the definition: strictly (unknown fields are problems), as a
// creation (rules that compare with an old object do not run), without its status (the API server drops it). Embedded schemas are
// those of one release of a project; messages about them name it, as the user's cluster may hold another, and a field that such a schema
// lacks is unknown unless it is clear what was meant.
//
// # What it costs
//
// Nothing until a custom resource is met. Then its project's schemas are unpacked, and CEL rules are compiled for those parts of
// the schema that the object has: compiling all rules of an HTTPRoute would take longer than everything else together.
package crd
