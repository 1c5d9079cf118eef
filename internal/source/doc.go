// Package source holds files: their bytes, the trees read from them, positions, and edits that change nothing but what they
// mean to change.
//
// # Words
//
//	file      the bytes of one file and what was read from them; immutable
//	document  one YAML document of a file (a JSON file is one document)
//	node      a mapping, sequence, scalar or alias, with the span of bytes it was written in
//	span      a half-open range of byte offsets
//	path      a field path such as spec.template.spec.containers[0].image
//	change    what somebody wants of a document: set this field, remove that one
//	edit      the bytes that a change replaces
//
// # How it reads
//
// A file is read once, into a flat array of nodes without pointers: a node is 20 bytes, a handle ([Node]) is a file and an index.
// Text is cut from the file on demand. Nothing is normalised: comments, quotes, indentation, blank lines, line endings and order
// stay what they are, because the bytes stay what they are.
//
// The language is YAML as Kubernetes reads it (YAML 1.1 scalars, as sigs.k8s.io/yaml resolves them, in YAML 1.2 syntax as
// go.yaml.in/yaml reads it), of which JSON is a part. What cannot be held is refused with a position: one bad document does not
// hide the others.
//
// # How it writes
//
// [File.Apply] turns changes into edits in the style of the neighbouring lines, and proves the result with an independent reader
// (go.yaml.in/yaml/v4) before it hands it out: the new text must read as the old one with just those changes made. [File.ApplyAll]
// does so for many at once, and leaves out those that do not go together.
//
// The package does no I/O and knows nothing of Kubernetes.
package source
