package probesim_test

import (
	"fmt"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// An application that boots for 45 s behind a startup probe: how long until it is Ready, and what one deadlock costs.
func ExamplePod() {
	app := &probesim.Service{
		Boot:    func(int) time.Duration { return 45 * time.Second },
		Latency: 5 * time.Millisecond,
		Locks: func(n int) time.Duration {
			if n == 0 {
				return 200 * time.Second
			}
			return probesim.Never
		},
	}
	pod := probesim.NewPod(probesim.Kubelet{RelistPhase: 750 * time.Millisecond, PollPhase: 600 * time.Millisecond}, nil, 0, probesim.Container{App: app, Spec: probesim.Spec{
		Startup:   &probesim.Probe{Period: 10 * time.Second, FailureThreshold: 30},
		Readiness: &probesim.Probe{Period: 5 * time.Second, Timeout: 2 * time.Second},
		Liveness:  &probesim.Probe{Period: 20 * time.Second, Timeout: 5 * time.Second},
	}})
	for _, e := range pod.Run(6*time.Minute, nil) {
		switch e.Type {
		case probesim.ReadyChanged:
			fmt.Println(e.At.Round(time.Millisecond), "ready", e.On)
		case probesim.Killing:
			fmt.Println(e.At.Round(time.Millisecond), "killed by", e.Kind)
		}
	}
	// Output:
	// 50.01s ready true
	// 3m32.005s ready false
	// 4m5s killed by liveness
	// 4m50.01s ready true
}
