// Package mergejudge says whether a three-way merge of Kubernetes YAML kept what it promises. It judges any merge: Fairway's own, and those
// that it is compared with. It shares no code with package merge: it reads with go.yaml.in/yaml/v4 and finds comments by itself, so that a
// mistake of the one is not believed by the other.
//
// # Words
//
//	base, ours, theirs   the three files that were merged, merged the result
//	leaf                 a value with its path: a scalar, an empty or whole collection, a list whose order means something
//	fault                a guarantee that the result breaks, by the letter that it has in the design, (a) to (g)
//	weak fault           something that a better merge would have done; nothing of anybody's is lost by it
//	reading              which items of a list are said to be the same: those of one key, or those of like content too
//
// # Readings
//
// A container that has a new name is a container renamed, or one removed and one added. Both are fair, so each list is read both ways and
// the one with fewer faults counts. A merge is at fault only when no reading explains it.
//
// Edit is the other half: it changes a file as teams do, at random, so that merges can be judged by the thousand.
package mergejudge
