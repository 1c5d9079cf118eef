package kubelet

import (
	"container/heap"
	"fmt"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
	. "github.com/fairway-k8s/fairway/internal/testkit/probescenario"
)

// attempt is a prescription of choices and how far its trace agrees.
type attempt struct {
	prescribed []int
	agrees     time.Duration
	equal      int
	made       []Choice
	next       int // the choice to flip next; those before it follow
	cost       int // choices flipped, and instants passed over between the disagreement and them
	order      int
}

type attempts []*attempt

func (a attempts) Len() int { return len(a) }
func (a attempts) Less(i, j int) bool {
	if a[i].equal != a[j].equal {
		return a[i].equal > a[j].equal
	}
	if a[i].cost != a[j].cost {
		return a[i].cost < a[j].cost
	}
	return a[i].order < a[j].order
}
func (a attempts) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *attempts) Push(x any)   { *a = append(*a, x.(*attempt)) }
func (a *attempts) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}

// maxTries bounds a search. Explained scenarios need few; one that is unexplained is a fault of the model whatever the bound.
const maxTries = 60_000

// explain looks for an order of simultaneous things in which the model gives the kubelet's trace: best agreement first, and of its choices only those
// that were made no later than the first disagreement: all orders of the latest instant, then those of earlier ones. A choice is
// made once in every state of the model. It returns the choices, how
// many runs that took, how far the best one agrees, and its trace.
func explain(sc *Scenario, want Trace) (choices []int, tries int, agrees time.Duration, best Trace) {
	var queue attempts
	longest := 0
	type node struct {
		state uint64
		n     int
	}
	seen := map[node]bool{}
	try := func(prescribed []int, cost int) bool {
		got, made := Simulate(sc, prescribed, tries > 0)
		tries++
		at, equal := Disagreement(got, want)
		if best == nil || equal > longest || at == probesim.Never {
			best, agrees, longest, choices = got, at, equal, prescribed
		}
		next := len(made) - 1
		for next >= 0 && made[next].At > at {
			next--
		}
		for _, c := range made {
			if c.At <= at {
				seen[node{c.State, c.N}] = true
			}
		}
		heap.Push(&queue, &attempt{prescribed, at, equal, made, next, cost, tries})
		return at == probesim.Never
	}
	if try(nil, 0) {
		return choices, tries, agrees, best
	}
	queue = nil
	if try(nil, 0) { // once more, with states
		return choices, tries, agrees, best
	}
	for len(queue) > 0 && tries < maxTries {
		a := heap.Pop(&queue).(*attempt)
		i := a.next
		if i < 0 || i < len(a.prescribed) {
			continue
		}
		for alt := range a.made[i].Of {
			if alt == a.made[i].N || seen[node{a.made[i].State, alt}] {
				continue
			}
			next := make([]int, i+1)
			for j := range i {
				next[j] = a.made[j].N
			}
			next[i] = alt
			if try(next, a.cost+1) {
				return choices, tries, agrees, best
			}
		}
		if a.next--; a.next >= 0 && a.made[a.next].At < a.made[i].At {
			a.cost++
		}
		heap.Push(&queue, a)
	}
	return choices, tries, agrees, best
}

// around shows both traces near the instant.
func around(want, got Trace, at time.Duration) string {
	var b strings.Builder
	show := func(name string, t Trace) {
		fmt.Fprintf(&b, "%s:\n", name)
		before := 0
		for i, e := range t {
			if e.At < at {
				before = i
			}
		}
		for i, e := range t {
			if i > before-12 && e.At <= at+20*time.Second {
				fmt.Fprintf(&b, "  %v %v n=%d %v on=%v code=%d until=%v\n", e.At, e.Type, e.Incarnation, e.Kind, e.On, e.Code, e.Until)
			}
		}
	}
	show("kubelet", want)
	show("model", got)
	return b.String()
}
