package probesim

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/testkit/cputime"
)

// The story's probes with a boot of 45 s: the first liveness probe comes at the grid of the pod's first sync, readiness is asked the moment the startup
// probe has passed.
func TestG1(t *testing.T) {
	s := &Service{Boot: func(int) time.Duration { return 45 * time.Second }, Latency: 5 * time.Millisecond}
	p := NewPod(Kubelet{RelistPhase: 1, PollPhase: 500 * time.Millisecond}, nil, 0, Container{Spec: Spec{
		Startup:   &Probe{Period: 10 * second, FailureThreshold: 30},
		Readiness: &Probe{Period: 5 * second, Timeout: 2 * second, FailureThreshold: 3},
		Liveness:  &Probe{Period: 20 * second, Timeout: 5 * second, FailureThreshold: 3},
	}, App: s})
	var got []string
	for _, e := range p.Run(70*time.Second, nil) {
		switch e.Type {
		case ProbeEnded:
			got = append(got, fmt.Sprintf("%v %v %v", e.At, e.Kind, e.Outcome))
		case ReadyChanged:
			got = append(got, fmt.Sprintf("%v ready %v", e.At, e.On))
		}
	}
	want := []string{
		"10.005s startup failure", "20.005s startup failure", "30.005s startup failure", "40.005s startup failure", "50.005s startup success",
		"50.01s readiness success", "50.01s ready true", "55.01s readiness success", "1m0.005s liveness success", "1m0.01s readiness success", "1m5.01s readiness success",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func BenchmarkPod(b *testing.B) {
	b.ReportAllocs()
	s := &Service{Boot: func(int) time.Duration { return 45 * time.Second }, Latency: 5 * time.Millisecond}
	c := Container{Spec: Spec{
		Startup:   &Probe{Period: 10 * second, FailureThreshold: 30},
		Readiness: &Probe{Period: 5 * second, Timeout: 2 * second, FailureThreshold: 3},
		Liveness:  &Probe{Period: 20 * second, Timeout: 5 * second, FailureThreshold: 3},
	}, App: s}
	p := NewPod(Kubelet{RelistPhase: 1, PollPhase: 500 * time.Millisecond}, nil, 0, c)
	var buf []Event
	before := cputime.Used()
	for b.Loop() {
		end := p.Now() + time.Hour
		for p.Next() < end {
			buf = p.Step(buf[:0])
		}
	}
	b.ReportMetric(float64(time.Hour)*float64(b.N)/float64(b.Elapsed()), "x_real_time")
	b.ReportMetric(float64(time.Hour)*float64(b.N)/float64(cputime.Used()-before), "x_real_time_of_processor")
}

// A container that takes 3 s to be created is probed on the grid of the pod, which began before it (G1), and its sync waits for it.
func TestCreate(t *testing.T) {
	s := &Service{Boot: func(int) time.Duration { return 4 * second }}
	p := NewPod(Kubelet{
		RelistPhase: 300 * time.Millisecond, PollPhase: 500 * time.Millisecond, Resync: 10 * second,
		Create: func(_, n int, _ time.Duration) time.Duration { return 3 * second },
	}, nil, 0, Container{Spec: Spec{Startup: &Probe{Period: 2 * second, FailureThreshold: 3}}, App: s})
	var got []string
	for _, e := range p.Run(9*second, nil) {
		if e.Type == ContainerStarted || e.Type == ProbeEnded {
			got = append(got, fmt.Sprintf("%v %v %v", e.At, e.Type, e.Outcome))
		}
	}
	want := []string{"3s container started success", "4s probe ended failure", "6s probe ended failure", "8s probe ended success"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// A sweep while the second container is created takes away the first: the third has nothing to back off from (kuberuntime_gc.go evictableContainers).
func TestSweep(t *testing.T) {
	gaps := func(sweep time.Duration) []time.Duration {
		p := NewPod(Kubelet{
			RelistPhase: 300 * time.Millisecond, PollPhase: 500 * time.Millisecond, Sweep: sweep,
			Create: func(int, int, time.Duration) time.Duration { return second },
		}, nil, 0, Container{Spec: Spec{Liveness: &Probe{Period: 2 * second, FailureThreshold: 2}}, App: &Service{Boot: func(int) time.Duration { return Never }}})
		var gaps []time.Duration
		var killed time.Duration
		for _, e := range p.Run(30*second, nil) {
			switch e.Type {
			case Killing:
				killed = e.At
			case ContainerStarted:
				if killed > 0 {
					gaps = append(gaps, e.At-killed)
				}
			}
		}
		return gaps
	}
	// Kills at 4, 8, 12 s: the second notes a back-off of 10 s, for which the third has to wait.
	if got := gaps(0); len(got) < 3 || got[0] != second || got[1] != second || got[2] < 5*second {
		t.Fatalf("without a sweep: waits of %v, want 1 s, 1 s and more than 5 s", got)
	}
	if got := gaps(8500 * time.Millisecond); len(got) < 3 || got[2] != second {
		t.Errorf("swept at 8.5 s: waits of %v, want the third to be 1 s", got)
	}
}
