package probescenario

import (
	"reflect"
	"slices"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// Explanation is what [Explain] finds.
type Explanation struct {
	// Until is the first instant at which no order gives what is wanted, [probesim.Never] if one does to the end.
	Until time.Duration
	// Choices are those of an order that gives the wanted trace before Until, for [Simulate]; without any it is the model's first.
	Choices []int
	// Widest is how many states of the model were possible at once, at most.
	Widest int
	// Steps is how many steps the model took in all orders together.
	Steps int
}

// Explain looks for an order of simultaneous things in which the model gives the wanted trace. It keeps every state in which the model can be after an
// instant, having told until then exactly what is wanted, and takes all of them through the next one in all orders. So it finds an order if there is any; the
// work grows with the states that cannot be told apart by what was seen, which are few, and not with the orders.
func Explain(sc *Scenario, want Trace) (found Explanation) {
	if slices.Equal(Simulate(sc, nil), want) {
		return Explanation{Until: probesim.Never, Widest: 1}
	}
	w, s := newWorld(sc)
	x := explorer{world: w, last: settled{}}
	x.Widest = 1
	open := []*state{s}
	var reached *choice
	defer func() { found.Choices = reached.all() }()
	for {
		at := probesim.Never
		for _, s := range open {
			at = min(at, w.next(s))
		}
		if len(want) > 0 {
			at = min(at, want[0].At)
		}
		x.Until, reached = at, open[0].choice
		if at >= sc.End {
			x.Until = probesim.Never
			return x.Explanation
		}
		n := 0
		for n < len(want) && want[n].At == at {
			n++
		}
		x.at, x.want = at, want[:n]
		if open = x.instant(open); len(open) == 0 {
			return x.Explanation
		}
		x.Widest = max(x.Widest, len(open))
		x.last.settle(want[:n])
		want = want[n:]
	}
}

// explorer takes states through one instant.
type explorer struct {
	*world
	Explanation
	at      time.Duration
	want    Trace
	last    settled
	got     Trace
	matched []bool
	seen    map[uint64]bool
	free    []*state
}

// instant returns the states in which the model can be after the instant, having told at it what is wanted. They are made of the given ones.
func (x *explorer) instant(todo []*state) (after []*state) {
	x.seen = nil
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if x.next(s) > x.at {
			if x.got = x.last.instant(x.got[:0], s.told); slices.Equal(x.got, x.want) {
				s.told = s.told[:0]
				after = append(after, s)
			} else {
				x.free = append(x.free, s)
			}
			continue
		}
		todo = x.branch(todo, s)
	}
	if len(after) > 1 { // what they told is the same, so what is left of the difference is what follows
		distinct := map[uint64]bool{}
		after = slices.DeleteFunc(after, func(s *state) bool {
			f := s.fingerprint()
			gone := distinct[f]
			distinct[f] = true
			return gone
		})
	}
	return after
}

// branch appends the states after one step of s in all ways, without those that told what is not wanted, and those from which all was tried already.
func (x *explorer) branch(todo []*state, s *state) []*state {
	x.prescribed = nil
	for {
		t := x.copy(s)
		x.made, x.of = x.made[:0], x.of[:0]
		x.step(t)
		x.Steps++
		for _, n := range x.made {
			t.choice = &choice{t.choice, n}
		}
		chose := len(x.made) > 0
		if chose && x.seen == nil {
			x.seen = map[uint64]bool{}
		}
		ok := x.possible(t.told)
		if ok && x.seen != nil {
			f := t.fingerprint()
			ok = !x.seen[f]
			x.seen[f] = true
		}
		if ok {
			todo = append(todo, t)
		} else {
			x.free = append(x.free, t)
		}
		// The next way: the last choice that has another, and the first of all that follow it.
		i := len(x.made) - 1
		for i >= 0 && x.made[i]+1 == x.of[i] {
			i--
		}
		if i < 0 {
			x.free = append(x.free, s)
			return todo
		}
		x.prescribed = append(x.prescribed[:0], x.made[:i+1]...)
		x.prescribed[i]++
	}
}

// possible says whether all that was told at this instant is wanted. Started and Ready count when the instant is over.
func (x *explorer) possible(told []probesim.Event) bool {
	x.matched = append(x.matched[:0], make([]bool, len(x.want))...)
next:
	for _, e := range told {
		switch e.Type {
		case probesim.ProbeEnded, probesim.PodEnded, probesim.StartedChanged, probesim.ReadyChanged:
			continue
		}
		e.Until = 0
		for i, w := range x.want {
			if w == e && !x.matched[i] {
				x.matched[i] = true
				continue next
			}
		}
		return false
	}
	return true
}

func (x *explorer) copy(s *state) *state {
	t := &state{}
	if n := len(x.free); n > 0 {
		t, x.free = x.free[n-1], x.free[:n-1]
	}
	t.pod.CopyFrom(&s.pod)
	t.acts, t.draw, t.choice = s.acts, s.draw, s.choice
	t.told = append(t.told[:0], s.told...)
	return t
}

// fingerprint tells two moments of the model apart that differ in what may follow, or in what was told at this instant, in whatever order. Two that have
// the same by accident would make an order be overlooked, and not one be accepted.
func (s *state) fingerprint() uint64 {
	v := reflect.ValueOf(&s.pod).Elem()
	h := mix(uint64(s.acts), uint64(s.draw))
	for _, i := range meaningful {
		h = fingerprint(h, v.Field(i))
	}
	told := uint64(0)
	for _, e := range s.told {
		told += fingerprint(1, reflect.ValueOf(e))
	}
	return h ^ told
}

// meaningful are the indices of the fields of a pod that are neither constant nor scratch.
var meaningful = func() (out []int) {
	t := reflect.TypeFor[probesim.Pod]()
	for i := range t.NumField() {
		switch t.Field(i).Name {
		case "kubelet", "chance", "out", "due", "scanned", "nextAt", "nextStep":
		default:
			out = append(out, i)
		}
	}
	return out
}()

func mix(h, x uint64) uint64 { h = (h ^ x) * 0x9e3779b97f4a7c15; return h ^ h>>29 }

// fingerprint mixes all numbers that a value holds; what is behind interfaces and pointers is left out.
func fingerprint(h uint64, v reflect.Value) uint64 {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			h = fingerprint(h, v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		h = mix(h, uint64(v.Len()))
		for i := range v.Len() {
			h = fingerprint(h, v.Index(i))
		}
	case reflect.Bool:
		x := uint64(0)
		if v.Bool() {
			x = 1
		}
		h = mix(h, x)
	case reflect.Int, reflect.Int64:
		h = mix(h, uint64(v.Int()))
	case reflect.Uint8:
		h = mix(h, v.Uint())
	}
	return h
}
