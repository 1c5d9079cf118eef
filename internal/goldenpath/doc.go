// Package goldenpath renders golden paths: from a service file and a path of the catalogue to manifests.
//
// # Words
//
//	path        a golden path: one shape in one version, a folder of templates with a description
//	shape       stateless-service, async-worker, cron-job or stateful-service
//	parameter   what a service file may say: typed, with a unit, a range, an example and a default
//	template    a valid manifest whose values are examples, with marks in its comments
//	service     a service file that was read against a path
//
// # Templates
//
// A template is a manifest that could be applied as it is; linters and editors read it like any other. Marks in its comments say
// what is different from service to service:
//
//	replicas: 3  #= scaling.replicas  # two may be gone at once and one still answers (spread-zones-hosts)
//
// The value is the result of the expression between #= and the next #; what follows is the comment that the team gets to read. In every
// comment {expression} is replaced by its result.
//
//	#if scaling.max > 0
//	#for peer in dependencies
//
// on a line of their own stand above an entry or an item, which is left out, or repeated for each element. A condition with a comment
// behind it is about that comment alone:
//
//	#if scaling.max > 0 # no replicas: the autoscaler decides (replicas-by-hpa)
//
// A line that would contradict another object of the template is set aside, so that the template as it is says one thing only:
//
//	#if scaling.max == 0
//	#+ replicas: 3  #= scaling.replicas
//
// Words that the description lists as placeholders are replaced wherever they stand in a key or a value.
//
// A template is cut into pieces once, with the spans that package source found, and values are written by the same package; everything
// else stays byte for byte what it is.
//
// # Expressions
//
// Expressions are CEL over the parameters, with its strings, math and lists extensions and these functions:
//
//	cpu(int)        thousandths of a core as a quantity: cpu(250) is 250m
//	memory(int)     bytes as a quantity: memory(536870912) is 512Mi
//	seconds(int)    seconds for reading: seconds(90) is 1m30s
//	ceil(int, int)  the first divided by the second, rounded up
//	sum(list)       the sum of a list of int
//	version(string) the tag of an image reference as a label has it, digest without one
//
// The package does no I/O. The same service file and path give the same bytes.
package goldenpath
