package probescenario

import (
	"math/rand"
	"slices"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// world is a run of the model. Copies of its states share one, and set it to where they are before they go on.
type world struct {
	sc         *Scenario
	chance     *rand.Rand
	drawn      []float64 // what chance has given
	draw       int       // index of the next to be given
	prescribed []int     // what is chosen next
	made, of   []int     // what was chosen, of how many
}

// Float64 implements [probesim.Rand].
func (w *world) Float64() float64 {
	if w.draw == len(w.drawn) {
		w.drawn = append(w.drawn, w.chance.Float64())
	}
	w.draw++
	return w.drawn[w.draw-1]
}

// Choose implements [probesim.Chooser]: what is prescribed, and the first where nothing is.
func (w *world) Choose(of int) int {
	n := 0
	if i := len(w.made); i < len(w.prescribed) && w.prescribed[i] < of {
		n = w.prescribed[i]
	}
	w.made, w.of = append(w.made, n), append(w.of, of)
	return n
}

// state is the model at some moment of a run.
type state struct {
	pod    probesim.Pod
	acts   int // how many were done
	draw   int // how many random numbers were drawn
	told   []probesim.Event
	choice *choice // the last
}

// choice is one that a run has made.
type choice struct {
	before *choice
	n      int
}

func (c *choice) all() []int {
	var out []int
	for ; c != nil; c = c.before {
		out = append(out, c.n)
	}
	slices.Reverse(out)
	for len(out) > 0 && out[len(out)-1] == 0 { // what is chosen anyway
		out = out[:len(out)-1]
	}
	return out
}

// newWorld returns a run, and its state at the beginning.
func newWorld(sc *Scenario) (*world, *state) {
	w := &world{sc: sc, chance: rand.New(rand.NewSource(int64(sc.Seed)))}
	k := sc.Kubelet
	k.Ties = w
	containers := make([]probesim.Container, len(sc.Specs))
	for i := range sc.Specs {
		containers[i] = sc.Container(i)
	}
	s := &state{pod: *probesim.NewPod(k, w, sc.At, containers...)}
	s.draw = w.draw
	return w, s
}

// next is the instant at which something is done next.
func (w *world) next(s *state) time.Duration {
	at := s.pod.Next()
	if s.acts < len(w.sc.Acts) {
		at = min(at, w.sc.Acts[s.acts].At)
	}
	return at
}

// step does one thing.
func (w *world) step(s *state) {
	w.draw = s.draw
	defer func() { s.draw = w.draw }()
	// What is done from outside at the instant of a step comes before or after it.
	if s.acts < len(w.sc.Acts) {
		a, at := w.sc.Acts[s.acts], s.pod.Next()
		if a.At < at || a.At == at && w.Choose(2) == 0 {
			s.acts++
			switch a.What {
			case Crash:
				s.told = s.pod.Crash(a.At, a.Container, a.Code, s.told)
			case RestartKubelet:
				s.pod.RestartKubelet(a.At)
			}
			return
		}
	}
	s.told = s.pod.Step(s.told)
}

// Simulate runs the model. Of what is due at one instant it takes the prescribed, and the first where nothing is prescribed.
func Simulate(sc *Scenario, prescribed []int) Trace {
	w, s := newWorld(sc)
	w.prescribed = prescribed
	for w.next(s) < sc.End {
		w.step(s)
	}
	return TraceOf(s.told, sc.End)
}
