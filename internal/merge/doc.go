// Package merge joins what a team changed in its manifests with what a golden path changed in them: a three-way merge of Kubernetes YAML that
// knows its structure and keeps its lines.
//
// # Words
//
//	base      the files as the path once wrote them, the ancestor
//	ours      the files as the team has them now
//	theirs    the files as the path writes them today
//	part      one entry of a mapping or one item of a list, with its comments, as a stretch of lines
//	change    something of theirs that goes into ours
//	conflict  something that both changed; ours stays as it is
//
// # What is guaranteed
//
//	(a) a value that only the team changed is never altered
//	(b) a value that only the path changed arrives
//	(c) what both changed is reported, and the team's value kept
//	(d) lines outside of what is touched keep their bytes
//	(e) no comment of the team disappears, commented-out YAML included
//	(f) what the team deleted stays deleted
//	(g) the result can be read, has no new duplicate keys, list items of one identity or contradictions such as two probe handlers
//
// Each result is read again with another YAML reader (go.yaml.in/yaml/v4) and checked for all of this before it is handed out. What cannot be
// proved is an error, and nothing is to be written then.
//
// # How it decides
//
// Objects are the same when group, kind, namespace and name are, wherever they stand. List items are the same when their merge keys are (see
// keys.go), else when their content is, or most of it. Quantities are equal when they amount to the same. Lists whose order means something (args,
// command) are merged only when one side left them alone; block scalars are merged by line. Fields that exclude each other are taken from one side
// together, and so are the number of tries, the pace and the delay of a probe where one of them is a conflict, or where the probe would give up
// sooner than either side means it to. Comments belong to the part that they stand above or behind, or to the block at whose end they stand, and are
// merged apart from its value. Keys of a mapping and items of a list come into theirs' order where ours has left them in that of base, with ours'
// lines and comments; keys not when only some of the changes are wanted, and not beside anchors.
//
// For those who would rather see conflicts in the file, Mark puts markers around their lines.
//
// The package does no I/O and knows no Kubernetes types.
package merge
