package probes

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// timing is when a probe asks and when it gives up, in seconds; see the package comment. It is made of 64-bit numbers because the
// API server accepts fields up to 2^31-1, whose product is larger.
type timing struct{ delay, period, timeout, failures int64 }

// timingOf returns a probe's timing. Fields that are zero, as in pod templates that nobody defaulted, have the API server's
// defaults (k8s.io/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Probe). So have those below zero, which no API server takes and another rule
// names: arithmetic with them says nothing.
func timingOf(p *corev1.Probe) timing {
	t := timing{max(int64(p.InitialDelaySeconds), 0), int64(p.PeriodSeconds), int64(p.TimeoutSeconds), int64(p.FailureThreshold)}
	if t.period <= 0 {
		t.period = 10
	}
	if t.timeout <= 0 {
		t.timeout = 1
	}
	if t.failures <= 0 {
		t.failures = 3
	}
	return t
}

// window is a span of time between two bounds, in whole seconds.
type window struct{ from, to int64 }

func (w window) String() string {
	if w.from == w.to {
		return fmt.Sprintf("%d s", w.from)
	}
	return fmt.Sprintf("%d-%d s", w.from, w.to)
}

// patience is how long the probe fails before the kubelet acts on it.
func (t timing) patience() window { return window{(t.failures - 1) * t.period, t.failures * t.period} }

// hang is how long it takes until the kubelet acts on a process that answers nothing any more: the first attempt comes within a period, each takes the
// timeout, and an attempt longer than the period pushes the next one back.
func (t timing) hang() window {
	least := (t.failures-1)*max(t.period, t.timeout) + t.timeout
	return window{least, t.period + least}
}

// budget is how long a container that never answers lives: never less than from, never more than to. The kubelet compares the
// initial delay with a start time cut to whole seconds, so up to one second of it is lost.
func (t timing) budget() window {
	return window{max(t.delay-1, 0) + (t.failures-1)*t.period, t.delay + t.failures*t.period}
}

// threshold is the smallest failureThreshold whose budget surely covers that many seconds at the given period.
func threshold(seconds, period int64) int64 { return (seconds+period-1)/period + 1 }

// ask is one probe of a container, with the name of its field.
type ask struct {
	field string
	probe *corev1.Probe
}

// asks returns the three probes of a container; absent ones have a nil probe.
func asks(c *corev1.Container) [3]ask {
	return [3]ask{{"startupProbe", c.StartupProbe}, {"readinessProbe", c.ReadinessProbe}, {"livenessProbe", c.LivenessProbe}}
}
