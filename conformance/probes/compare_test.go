package probes

import (
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// A node that does as the simulator says is found to agree, whatever its phases and its jitter. One that does as the simulator says of other
// numbers, or of another version where that matters, is not.
func TestReplay(t *testing.T) {
	for i := range scenarios {
		s := &scenarios[i]
		t.Run(s.name, func(t *testing.T) {
			node := func(s *scenario, v probesim.Version) record {
				g := given{version: v, tape: newTape(1<<40 + uint64(i)), restarted: s.restartKubelet}
				g.first = func(chance) time.Duration { return 320 * time.Millisecond }
				g.create = func(c chance, _ int, _ time.Duration) (takes, deaf time.Duration) {
					return 200*time.Millisecond + c.upTo(500*time.Millisecond), c.upTo(100 * time.Millisecond)
				}
				return record{s.simulate(g, s.until), s.restartKubelet}
			}
			same := node(s, probesim.Newest)
			if m := s.replay(probesim.Newest, same, beginnings, nothing); m.wrong > 0 {
				t.Errorf("a trace of the simulator: %d moments differ, first: %v\n%s", m.wrong, m.first, sideBySide(m.trace, same.Trace))
			}
			differs := func(what string, other record) {
				t.Helper()
				if m := s.replay(probesim.Newest, other, 4, sweeps); m.wrong == 0 {
					t.Errorf("%s: no difference\n%s", what, sideBySide(same.Trace, other.Trace))
				}
			}
			for k, p := range s.spec.Probes() {
				if p == nil {
					continue
				}
				kind := probesim.Kind(k)
				slower, more := *p, *p
				slower.Period *= 2
				// What exits each second, or is asked by a new kubelet, is asked for readiness by chance.
				if chance := kind == readiness && (len(same.Trace[exited]) > 1 || s.restartKubelet > 0); len(same.Trace[kind.String()]) > 1 && !chance {
					differs(kind.String()+", period", node(s.with(kind, &slower), probesim.Newest))
				}
				more.FailureThreshold++
				for _, m := range same.Trace[killed] {
					if m.Number == k {
						differs(kind.String()+", failures", node(s.with(kind, &more), probesim.Newest))
						break
					}
				}
			}
			if s.differs {
				differs("1.34", node(s, 34))
			}
		})
	}
}

// with is the scenario with another probe.
func (s *scenario) with(k probesim.Kind, p *probesim.Probe) *scenario {
	other := *s
	*[]**probesim.Probe{startup: &other.spec.Startup, readiness: &other.spec.Readiness, liveness: &other.spec.Liveness}[k] = p
	return &other
}
