package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	deploymentutil "k8s.io/kubernetes/pkg/controller/deployment/util"
)

func intOr(a Amount) *intstr.IntOrString {
	v := intstr.FromInt32(int32(a.Number))
	if a.Percent {
		v = intstr.FromString(fmt.Sprintf("%d%%", a.Number))
	}
	return &v
}

// The arithmetic of a rollout is that of Kubernetes' own code, for all small numbers.
func TestRolloutIsKubernetesOwn(t *testing.T) {
	amounts := []Amount{{0, false}, {1, false}, {2, false}, {5, false}, {0, true}, {10, true}, {25, true}, {30, true}, {50, true}, {100, true}}
	for n := 1; n <= 12; n++ {
		for _, surge := range amounts {
			for _, unavailable := range amounts {
				r := Rollout{MaxSurge: &surge, MaxUnavailable: &unavailable}
				gotSurge, gotUnavailable := r.fenceposts(n)
				wantSurge, wantUnavailable, err := deploymentutil.ResolveFenceposts(intOr(surge), intOr(unavailable), int32(n))
				if err != nil || gotSurge != int(wantSurge) || gotUnavailable != int(wantUnavailable) {
					t.Fatalf("%d replicas, surge %v, unavailable %v: %d and %d, Kubernetes says %d and %d (%v)", n, surge, unavailable, gotSurge, gotUnavailable, wantSurge, wantUnavailable, err)
				}
				size := int32(n)
				d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &size, Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType,
					RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: intOr(surge), MaxUnavailable: intOr(unavailable)}}}}
				for fresh := 0; fresh <= n; fresh++ {
					for old := 0; old <= n+gotSurge; old++ {
						set := func(n int) *appsv1.ReplicaSet {
							x := int32(n)
							return &appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Replicas: &x}}
						}
						rs := set(fresh)
						want, err := deploymentutil.NewRSNewReplicas(d, []*appsv1.ReplicaSet{rs, set(old)}, rs)
						if err != nil {
							t.Fatal(err)
						}
						got := r.step(n, replicaSets{newSpec: fresh, oldSpec: old}).newSpec
						if got != int(want) {
							t.Fatalf("%d replicas, surge %v, unavailable %v, %d new and %d old: %d new, Kubernetes says %d", n, surge, unavailable, fresh, old, got, want)
						}
					}
				}
			}
		}
	}
}

// naiveDown is the specification's sentence about scaling down, written out pod by pod.
func naiveDown(n, unavailable int, s replicaSets) int {
	allowed := s.newSpec + s.oldSpec - (n - unavailable) - (s.newSpec - s.newAvailable)
	if allowed <= 0 {
		return s.oldSpec
	}
	healthy, sick := s.oldAvailable, s.oldSpec-s.oldAvailable
	for allowed > 0 && sick > 0 {
		sick--
		allowed--
	}
	available := s.newAvailable + s.oldAvailable
	left := healthy + sick
	for available > n-unavailable && left > 0 {
		available--
		left--
	}
	return left
}

func TestScaleDown(t *testing.T) {
	for n := 1; n <= 6; n++ {
		for unavailable := range n {
			for surge := range 3 {
				if surge+unavailable == 0 {
					continue
				}
				r := Rollout{MaxSurge: &Amount{Number: surge}, MaxUnavailable: &Amount{Number: unavailable}}
				for old := 1; old <= n; old++ {
					fresh := min(n, n+surge-old) // nothing is to be scaled up
					for newAvailable := range fresh + 1 {
						for oldAvailable := range old + 1 {
							s := replicaSets{fresh, newAvailable, old, oldAvailable}
							if got, want := r.step(n, s).oldSpec, naiveDown(n, unavailable, s); got != want {
								t.Fatalf("%d replicas, surge %d, unavailable %d, %+v: %d old ones stay, want %d", n, surge, unavailable, s, got, want)
							}
						}
					}
				}
			}
		}
	}
}

// The specification's numbers: at 3 replicas surge 1 and unavailable 0, at 4 1 and 1, at 10 3 and 2.
func TestDefaultFenceposts(t *testing.T) {
	for _, x := range [][3]int{{3, 1, 0}, {4, 1, 1}, {10, 3, 2}} {
		if surge, unavailable := (Rollout{}).fenceposts(x[0]); surge != x[1] || unavailable != x[2] {
			t.Errorf("%d replicas: %d and %d, want %d and %d", x[0], surge, unavailable, x[1], x[2])
		}
	}
}

func TestBudget(t *testing.T) {
	for _, x := range []struct {
		b          Budget
		n, healthy int
		ready      bool
		evicts     bool
	}{
		{Budget{MinAvailable: &Amount{Number: 2}}, 3, 3, true, true},
		{Budget{MinAvailable: &Amount{Number: 2}}, 3, 2, true, false},
		{Budget{MinAvailable: &Amount{Number: 3}}, 3, 3, true, false},                    // as many as there are: nothing is ever evicted
		{Budget{MinAvailable: &Amount{50, true}}, 3, 2, true, false},                     // 1.5 is rounded up
		{Budget{MaxUnavailable: &Amount{34, true}}, 3, 2, true, true},                    // 1.02 is rounded up, to 2
		{Budget{MaxUnavailable: &Amount{Number: 0}}, 3, 3, true, false},                  //
		{Budget{MinAvailable: &Amount{Number: 2}}, 3, 2, false, true},                    // the sick one goes while the others suffice
		{Budget{MinAvailable: &Amount{Number: 2}}, 3, 1, false, false},                   // and not when they do not,
		{Budget{MinAvailable: &Amount{Number: 2}, AlwaysAllow: true}, 3, 1, false, true}, // but for AlwaysAllow
	} {
		if got := x.b.evicts(x.n, x.healthy, x.ready); got != x.evicts {
			t.Errorf("%+v with %d of %d healthy, ready %v: evicts %v, want %v", x.b, x.healthy, x.n, x.ready, got, x.evicts)
		}
	}
}

func TestAutoscaler(t *testing.T) {
	a := &Autoscaler{Min: 2, Max: 20, Target: 0.5}
	pods := func(cpu float64, n, ignored int) (all []usage) {
		for i := range n {
			all = append(all, usage{cpu, i < ignored})
		}
		return all
	}
	for _, x := range []struct {
		name string
		pods []usage
		want int
	}{
		{"twice the target", pods(1, 4, 0), 8},
		{"within the tolerance", pods(0.54, 4, 0), 4},
		{"half the target", pods(0.25, 4, 0), 2},
		{"as many unready ones count as idle, and hold it back", pods(1, 4, 2), 4},
		{"one unready of four", pods(1, 4, 1), 6},
		{"all unready", pods(1, 4, 4), 4},
	} {
		if got := a.recommend(4, x.pods); got != x.want {
			t.Errorf("%s: %d pods, want %d", x.name, got, x.want)
		}
	}
	if got := a.limit(4, 20, []int{20}); got != 8 {
		t.Errorf("from 4 to 20: %d at once, want 8", got)
	}
	if got := a.limit(8, 2, []int{2, 7, 2}); got != 7 {
		t.Errorf("down from 8 with 7 wanted in the last minutes: %d, want 7", got)
	}
}

// Whom the autoscaler leaves out: a pod that never was Ready for good, one that no longer is for the first five minutes.
func TestUnmeasured(t *testing.T) {
	for _, x := range []struct {
		ready, everReady bool
		age              time.Duration
		want             bool
	}{
		{true, true, second, false},
		{false, false, time.Minute, true},
		{false, false, time.Hour, true},
		{false, true, time.Minute, true},
		{false, true, 6 * time.Minute, false},
	} {
		p := &pod{ready: x.ready, everReady: x.everReady, created: second}
		if got := p.unmeasured(second + x.age); got != x.want {
			t.Errorf("%+v: left out %v, want %v", x, got, x.want)
		}
	}
}

// A rollout of the scenario keeps its promises at every instant: no fewer Ready pods than allowed, no more pods than the surge.
func TestRolloutRun(t *testing.T) {
	for n := 1; n <= 10; n += 3 {
		s := cascades()["C"]
		s.Replicas, s.Fault = n, Fault{Kind: NewRevision}
		tr := &Trace{}
		r := s.Run(uint64(n), tr)
		surge, unavailable := Rollout{}.fenceposts(n)
		if r.Rolled < 0 || !r.Recovered || r.Extra != 0 {
			t.Errorf("%d replicas: %+v, want a rollout without a restart", n, r)
		}
		waves := (n + surge + unavailable - 1) / (surge + unavailable)
		if most := time.Duration(waves+1) * 100 * second; r.Rolled > most {
			t.Errorf("%d replicas: the rollout takes %v, want no more than %v", n, r.Rolled, most)
		}
		for at := time.Duration(0); at < tr.End; at += second {
			ready, there := 0, 0
			for _, row := range tr.Rows {
				for _, x := range row.Spans {
					if x.From <= at && at < x.To {
						switch x.State {
						case Serving:
							ready++
							there++
						case Booting, NotReady, Coming:
							there++
						}
					}
				}
			}
			if ready < n-unavailable || there > n+surge {
				t.Fatalf("%d replicas at %v: %d ready of %d, want at least %d and at most %d", n, at, ready, there, n-unavailable, n+surge)
			}
		}
	}
}

// A pod counts as available only when it has been Ready for minReadySeconds, in each wave.
func TestMinReady(t *testing.T) {
	s := cascades()["C"]
	s.Replicas, s.Fault = 3, Fault{Kind: NewRevision}
	fast := s.Run(1, nil)
	s.Rollout.MinReady = 30 * second
	slow := s.Run(1, nil)
	if d := slow.Rolled - fast.Rolled; d < 80*second || d > 130*second { // surge 1, unavailable 0: three waves
		t.Errorf("with minReadySeconds 30 the rollout of three pods takes %v more, want 90 s or a little more", d)
	}
}

// A StatefulSet replaces one pod after the other, the last first, and one that does not become Ready holds the others.
func TestOrdered(t *testing.T) {
	s := cascades()["C"]
	s.Replicas, s.Ordered, s.Fault = 3, true, Fault{Kind: NewRevision}
	one := s
	one.Rollout.Partition = 2
	all, last := s.Run(1, nil), one.Run(1, nil)
	if all.Rolled < 3*40*second || last.Rolled > all.Rolled/2 || last.Rolled < 0 {
		t.Errorf("three pods are replaced in %v, the last alone in %v; want boots one after the other", all.Rolled, last.Rolled)
	}
	s.Fault.Kind = Start
	if r := s.Run(1, nil); len(r.ToReady) != 3 || r.Restarts != 0 {
		t.Errorf("first start: %+v, want three pods", r)
	}
	// Probes that never let a boot end: the first pod holds the others.
	s.Spec.Startup.FailureThreshold = 2
	if r := s.Run(1, nil); len(r.ToReady) != 0 || r.NeverReady != 1 {
		t.Errorf("boots that are killed: %d Ready and %d never; want none, and one that holds the others", len(r.ToReady), r.NeverReady)
	}
}

// A node that is gone: 50 s until the others know, 300 s until its pods are replaced; a StatefulSet's never are.
func TestNodeLost(t *testing.T) {
	s := cascades()["C"]
	s.Replicas, s.Load.Utilization, s.Fault = 4, 0.5, Fault{Kind: NodeLost}
	r := s.Run(1, nil)
	if r.Out < 50*second || r.Out > 54*second {
		t.Errorf("out of the endpoints after %v, want 50 s and the way there", r.Out)
	}
	if len(r.ToReady) != 1 || r.Settled < 350*second || r.Settled > 450*second {
		t.Errorf("%d new pods, settled after %v; want one, after 350 s and a boot", len(r.ToReady), r.Settled)
	}
	s.Ordered = true
	if r := s.Run(1, nil); len(r.ToReady) != 0 || r.Settled >= 0 {
		t.Errorf("StatefulSet: %d new pods, settled after %v; want none, never", len(r.ToReady), r.Settled)
	}
}

// A drain waits for the disruption budget, and for ever when that allows nothing.
func TestDrain(t *testing.T) {
	s := cascades()["C"]
	s.Replicas, s.Nodes, s.Fault = 4, 2, Fault{Kind: NodeDrained}
	fast := s.Run(1, nil)
	s.Budget = &Budget{MaxUnavailable: &Amount{Number: 1}}
	slow := s.Run(1, nil)
	s.Budget = &Budget{MinAvailable: &Amount{100, true}}
	never := s.Run(1, nil)
	if fast.Drained < 0 || fast.Drained > 20*second || slow.Drained < 50*second || slow.Drained > 200*second || never.Drained >= 0 {
		t.Errorf("drained after %v without a budget, %v with one pod at a time, %v with none; want less than 20 s, a boot between the two, never", fast.Drained, slow.Drained, never.Drained)
	}
}

// More requests bring more pods, at most four more or twice as many in 15 s; when the surge is over, five minutes pass before they go.
func TestScaled(t *testing.T) {
	s := cascades()["C"]
	s.Replicas, s.Load.Utilization = 4, 0.5
	s.Scaler = &Autoscaler{Min: 4, Max: 12, Target: 0.5}
	s.Fault = Fault{Kind: Surge, Share: 2, For: 8 * time.Minute}
	tr := &Trace{}
	r := s.Run(1, tr)
	if !r.Recovered || r.Extra != 0 {
		t.Errorf("%+v", r)
	}
	at := func(when time.Duration) int { return tr.Samples[when/sampleEvery-1].Endpoints }
	before, peak, soon, end := at(5*time.Minute), at(13*time.Minute), at(16*time.Minute), at(34*time.Minute)
	s.Ordered, s.Rollout.Parallel = true, true
	ordered := &Trace{}
	s.Run(1, ordered)
	if most, last := ordered.Samples[13*time.Minute/sampleEvery-1].Endpoints, ordered.Samples[34*time.Minute/sampleEvery-1].Endpoints; most < 7 || last >= most {
		t.Errorf("a StatefulSet: %d pods in the surge, %d in the end; want about 8, fewer", most, last)
	}
	// One pod of a StatefulSet leaves after the other: each has to be gone before the next is told to.
	s.Rollout.Parallel, s.Health.Drain = false, 20*second
	one := &Trace{}
	s.Run(1, one)
	var stops []Span
	for _, row := range one.Rows {
		for _, x := range row.Spans {
			if x.State == Stopping {
				stops = append(stops, x)
			}
		}
	}
	slices.SortFunc(stops, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	for i := 1; i < len(stops); i++ {
		if stops[i].From < stops[i-1].To {
			t.Errorf("a StatefulSet: a pod is told to stop at %v, while another stops until %v", stops[i].From, stops[i-1].To)
		}
	}
	if len(stops) < 3 {
		t.Errorf("a StatefulSet: %d pods leave after the surge, want 3 or more", len(stops))
	}
	if before != 4 || peak < 7 || peak > 12 || soon != peak || end >= peak || end < 4 {
		t.Errorf("%d pods before the surge, %d in it, %d three minutes after, %d in the end; want 4, about 8, as many, fewer", before, peak, soon, end)
	}
}
