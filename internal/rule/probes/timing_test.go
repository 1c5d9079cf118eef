package probes

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// The real prober of Kubernetes 1.36 killed containers that never answered within these times: 20.25-30.0, 290.25-300.0, 49.25-59.0
// and 4.25-9.0 s. What is measured must lie within what is said.
func TestBudget(t *testing.T) {
	tests := []struct {
		delay, period, failures int32
		want                    window
	}{
		{0, 0, 0, window{20, 30}},
		{0, 10, 30, window{290, 300}},
		{30, 10, 3, window{49, 60}},
		{5, 5, 1, window{4, 10}},
		{0, 1 << 30, 4, window{3 << 30, 4 << 30}},
	}
	for _, tt := range tests {
		p := &corev1.Probe{InitialDelaySeconds: tt.delay, PeriodSeconds: tt.period, FailureThreshold: tt.failures}
		if got := timingOf(p).budget(); got != tt.want {
			t.Errorf("delay %d, period %d, threshold %d: budget %v, want %v", tt.delay, tt.period, tt.failures, got, tt.want)
		}
	}
}

// threshold is the least failureThreshold whose budget covers the seconds.
func TestThreshold(t *testing.T) {
	for period := int64(1); period <= 12; period++ {
		for seconds := int64(0); seconds <= 100; seconds++ {
			want := int64(1)
			for (timing{period: period, failures: want}).budget().from < seconds {
				want++
			}
			if got := threshold(seconds, period); got != want {
				t.Fatalf("threshold(%d, %d) = %d, want %d", seconds, period, got, want)
			}
		}
	}
}

func TestSlip(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"health", "heatlh"}:              true,
		{"health", "helth"}:               true,
		{"health", "heallth"}:             true,
		{"health", "healtg"}:              true,
		{"http-admin", "httpadmin"}:       true,
		{"metrics", "metric"}:             false, // as much another name as a slip
		{"http", "https"}:                 false,
		{"http1", "http2"}:                false,
		{"http", "http2"}:                 false,
		{"web", "wed"}:                    false,
		{"health", "http"}:                false,
		{"health-check", "health-checks"}: false,
	} {
		for _, p := range [][2]string{pair, {pair[1], pair[0]}} {
			if got := slip(p[0], p[1]); got != want {
				t.Errorf("slip(%q, %q) = %v, want %v", p[0], p[1], got, want)
			}
		}
	}
}
