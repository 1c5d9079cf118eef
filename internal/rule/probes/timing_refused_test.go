package probes

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// Numbers below zero, which files can hold, are no numbers to divide by.
func TestBelowZero(t *testing.T) {
	for _, p := range []corev1.Probe{
		{TimeoutSeconds: -7, FailureThreshold: 1},
		{PeriodSeconds: -5},
		{FailureThreshold: -1 << 31, PeriodSeconds: 1},
		{InitialDelaySeconds: -1 << 31},
	} {
		x := timingOf(&p)
		if x.delay < 0 || x.period < 1 || x.timeout < 1 || x.failures < 1 || x.budget().from < 0 || x.budget().to < x.budget().from {
			t.Errorf("%+v: %+v, a boot has %v", p, x, x.budget())
		}
		c := &cluster.Container{Container: &corev1.Container{LivenessProbe: &p}}
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%+v: panic: %v", p, r)
				}
			}()
			for _, seconds := range []int64{0, 90} {
				addStartup(&cluster.Workload{Object: &cluster.Object{}}, c, seconds)
			}
		}()
	}
}
