// Package recommend compares what fairway probe recommend makes of pods on a real node with how long they are known to boot.
package recommend
